//! `Node`: one redis-server process of a set of several, on loopback TCP.

use super::gateway::{free_port, signal};
use super::record::sha256_hex;
use super::wait::eventually;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// Killed on drop; nothing is kept on disk.
pub(crate) struct Node {
    folder: PathBuf,
    arguments: Vec<String>,
    port: u16,
    password: String,
    child: Option<Child>,
}

impl Node {
    /// Starts a server with further options, in a folder of its own below this one, and waits until it answers.
    pub(super) fn start(scratch: &Path, options: &str) -> Self {
        let port = free_port();
        let mut arguments: Vec<String> = ["--port", &port.to_string()].map(str::to_owned).into();
        arguments.extend(["--save", "", "--appendonly", "no"].map(str::to_owned));
        arguments.extend(options.split_whitespace().map(str::to_owned));
        Self::spawn(scratch, port, arguments)
    }

    /// Starts a sentinel with this configuration.
    pub(super) fn sentinel(scratch: &Path, configuration: &str) -> Self {
        let port = free_port();
        let file = scratch.join(format!("sentinel-{port}.conf"));
        fs::write(&file, format!("port {port}\n{configuration}")).expect("scratch is writable");
        let file = file.display().to_string();
        Self::spawn(scratch, port, vec![file, "--sentinel".to_owned()])
    }

    fn spawn(scratch: &Path, port: u16, mut arguments: Vec<String>) -> Self {
        let folder = scratch.join(port.to_string());
        fs::create_dir(&folder).expect("a port is given once");
        arguments.extend(["--bind", "127.0.0.1"].map(str::to_owned));
        let mut node = Self {
            folder,
            arguments,
            port,
            password: String::new(),
            child: None,
        };
        node.restart();
        node
    }

    /// Who asks from now on.
    pub(super) fn with_password(mut self, password: &str) -> Self {
        self.password = password.to_owned();
        self
    }

    /// Starts it again, empty, at the same address.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let log = File::create(self.folder.join("log")).expect("scratch is writable");
        let started = Command::new("redis-server")
            .args(&self.arguments)
            .arg("--dir")
            .arg(&self.folder)
            .stdout(log)
            .spawn();
        self.child =
            Some(started.expect("redis-server is needed: install the package `redis-server`"));
        eventually("redis-server takes connections", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()
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
        signal(self.child.as_ref().expect("it runs"), "-STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        signal(self.child.as_ref().expect("it runs"), "-CONT");
    }

    /// The TCP port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// As the status shows it.
    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs one command; an error reply or a server that does not answer is none.
    pub(crate) fn try_command(&self, words: &[&str]) -> Option<redis::Value> {
        let mut connection = self.connect()?;
        command(words).query(&mut connection).ok()
    }

    /// The same on a slot that is on its way here.
    #[track_caller]
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        let mut connection = self.connect().expect("it takes connections");
        let asking = redis::cmd("ASKING").exec(&mut connection);
        asking.expect("a node of a cluster");
        command(words)
            .query(&mut connection)
            .unwrap_or_else(|fault| panic!("{words:?}: {fault}"))
    }

    fn connect(&self) -> Option<redis::Connection> {
        let login = match self.password.as_str() {
            "" => String::new(),
            password => format!(":{password}@"),
        };
        let url = format!("redis://{login}127.0.0.1:{}", self.port);
        let client = redis::Client::open(url).expect("a URL");
        let connection = client.get_connection_with_timeout(PATIENCE).ok()?;
        connection.set_read_timeout(Some(PATIENCE)).ok()?;
        Some(connection)
    }

    /// Runs one command and gives its reply as text.
    #[track_caller]
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let reply = self.try_command(words);
        let reply = reply.unwrap_or_else(|| panic!("{} does not take {words:?}", self.port));
        redis::from_redis_value(reply).unwrap_or_default()
    }

    /// The same for a write, and waits until a replica has it.
    #[track_caller]
    pub(crate) fn command_copied(&self, words: &[&str]) -> String {
        let mut connection = self.connect().expect("it takes connections");
        let reply = command(words)
            .query::<redis::Value>(&mut connection)
            .unwrap_or_else(|fault| panic!("{words:?}: {fault}"));
        eventually("a replica has it", || {
            let copies = redis::cmd("WAIT")
                .arg(1)
                .arg(100)
                .query::<u32>(&mut connection);
            copies.is_ok_and(|copies| copies > 0).then_some(())
        });
        redis::from_redis_value(reply).unwrap_or_default()
    }

    /// Whether it says that it is a `master` or a `slave`; while it loads, or is frozen, it does not.
    pub(crate) fn has_role(&self, role: &str) -> bool {
        let reply = self.try_command(&["ROLE"]);
        let Some(redis::Value::Array(words)) = reply else {
            return false;
        };
        let says = |word| redis::from_redis_value::<String>(word).ok();
        words.into_iter().next().and_then(says).as_deref() == Some(role)
    }

    /// Waits until a replica has everything that was written here so far: a new one may be sent nothing for a second.
    #[track_caller]
    pub(crate) fn wait_until_copied(&self) {
        let offset = |after: &str| -> Option<u64> {
            let info = self.command(&["INFO", "replication"]);
            let (_, rest) = info.split_once(after)?;
            rest.split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        };
        let written = offset("master_repl_offset:").expect("it is a master");
        eventually("the replica has it all", || {
            offset("state=online,offset=").filter(|copied| *copied >= written)
        });
    }

    /// Writes a session under the default key.
    #[track_caller]
    pub(crate) fn put(&self, token: &str, record: &Value) {
        self.command(&["SET", &key(token), &record.to_string()]);
    }

    /// Removes a session; it must have been there.
    #[track_caller]
    pub(crate) fn remove(&self, token: &str) {
        assert_eq!(
            self.command(&["DEL", &key(token)]),
            "1",
            "{token} was there"
        );
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn command(words: &[&str]) -> redis::Cmd {
    let mut command = redis::Cmd::new();
    words.iter().for_each(|word| {
        command.arg(word);
    });
    command
}

/// The default key of a token.
pub(crate) fn key(token: &str) -> String {
    format!("session:{}", sha256_hex(token))
}

/// For one reply of a server that may be frozen.
const PATIENCE: Duration = Duration::from_millis(500);
