//! `Redis`: a real redis-server of the test's own, on a unix socket in the scratch folder and a free port.

use super::gateway::{free_port, signal};
use super::record::sha256_hex;
use super::wait::eventually;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// Stops on drop; nothing is kept on disk.
pub(crate) struct Redis {
    folder: PathBuf,
    options: Vec<String>,
    port: u16,
    child: Option<Child>,
}

impl Redis {
    /// Starts it with further options, such as `--requirepass x`, and waits until it answers.
    pub(crate) fn start(folder: &Path, options: &str) -> Self {
        let options = options.split_whitespace().map(str::to_owned).collect();
        let mut redis = Self {
            folder: folder.to_owned(),
            options,
            port: free_port(),
            child: None,
        };
        redis.restart();
        redis
    }

    /// Made ready to be started later.
    pub(crate) fn absent(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            options: Vec::new(),
            port: free_port(),
            child: None,
        }
    }

    /// Starts it again, empty, at the same addresses.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let log = File::create(self.folder.join("redis.log")).expect("scratch is writable");
        let started = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(&self.folder)
            .args(&self.options)
            .stdout(log)
            .spawn();
        self.child =
            Some(started.expect("redis-server is needed: install the package `redis-server`"));
        let client =
            redis::Client::open(format!("unix://{}", self.socket().display())).expect("a URL");
        eventually("redis-server answers", || {
            let pong = redis::cmd("PING").query::<String>(&mut client.get_connection().ok()?);
            // Refusing for want of a password is an answer too.
            pong.map_or_else(|fault| fault.code().map(|_| ()), |_| Some(()))
        });
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it is ours");
            child.wait().expect("it is ours");
        }
    }

    /// Stops it from answering; connections stay open.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        signal(self.child.as_ref().expect("it runs"), name);
    }

    /// The unix socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("redis.sock")
    }

    /// The TCP port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// For values that are no text.
    #[track_caller]
    pub(crate) fn connection(&self) -> redis::Connection {
        let url = format!("unix://{}", self.socket().display());
        let client = redis::Client::open(url).expect("a URL");
        client
            .get_connection()
            .expect("redis-server takes connections")
    }

    /// Runs one command and gives its reply as text; a nil is empty.
    #[track_caller]
    pub(crate) fn command(&self, words: &[&str]) -> String {
        self.command_in(0, words)
    }

    /// The same in another database.
    #[track_caller]
    pub(crate) fn command_in(&self, db: i64, words: &[&str]) -> String {
        let url = format!("unix://{}?db={db}", self.socket().display());
        self.command_as(&url, words)
    }

    /// The same, connected as the URL says.
    #[track_caller]
    pub(crate) fn command_as(&self, url: &str, words: &[&str]) -> String {
        let client = redis::Client::open(url).expect("a URL");
        let mut connection = client
            .get_connection()
            .expect("redis-server takes connections");
        let (name, rest) = words.split_first().expect("a command");
        let mut command = redis::cmd(name);
        rest.iter().for_each(|word| {
            command.arg(word);
        });
        match command
            .query::<Option<redis::Value>>(&mut connection)
            .expect("redis-server knows the command")
        {
            None => String::new(),
            Some(value) => redis::from_redis_value::<String>(value).unwrap_or_default(),
        }
    }

    /// Writes a session under the default key.
    #[track_caller]
    pub(crate) fn put(&self, token: &str, record: &Value) {
        self.command(&["SET", &key(token), &record.to_string()]);
    }

    /// Writes a session that Redis ends after so many milliseconds.
    #[track_caller]
    pub(crate) fn put_for_ms(&self, token: &str, record: &Value, ms: u64) {
        self.command(&[
            "SET",
            &key(token),
            &record.to_string(),
            "PX",
            &ms.to_string(),
        ]);
    }

    /// Removes a session.
    #[track_caller]
    pub(crate) fn remove(&self, token: &str) {
        self.command(&["DEL", &key(token)]);
    }

    /// How often session records were read: with each its remaining life is asked for.
    #[track_caller]
    pub(crate) fn reads(&self) -> u64 {
        self.calls("pttl")
    }

    /// How often a command was called.
    #[track_caller]
    pub(crate) fn calls(&self, command: &str) -> u64 {
        let stats = self.command(&["INFO", "commandstats"]);
        let calls = stats.lines().find_map(|line| {
            let numbers = line.strip_prefix("cmdstat_")?.strip_prefix(command)?;
            let calls = numbers.strip_prefix(":calls=")?.split(',').next()?;
            calls.parse().ok()
        });
        calls.unwrap_or(0)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a command, in lower case, is of those that read a record, and the one of them that tells its remaining life.
pub(super) fn is_read(command: &str) -> bool {
    command == "pttl"
}

/// The default key of a token.
pub(crate) fn key(token: &str) -> String {
    format!("session:{}", sha256_hex(token))
}
