//! A real redis-server on a unix socket in a scratch folder, for this room's tests.

use crate::secret::Secret;
use crate::store::foreign::RecordFormat;
use crate::store::key::KeyTemplate;
use crate::store::settings::{
    Follows, Invalidation, OnPush, RedisAddress, RedisServers, RedisSettings,
};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// Killed when dropped.
pub(super) struct TestServer {
    dir: TempDir,
    /// The configuration of a sentinel, which must have a file.
    sentinel: Option<PathBuf>,
    options: Vec<String>,
    child: Option<Child>,
}

impl TestServer {
    /// A scratch folder; nothing runs in it yet.
    pub(super) fn prepare() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a scratch folder"),
            sentinel: None,
            options: Vec::new(),
            child: None,
        }
    }

    /// Running, and answering.
    pub(super) async fn start() -> Self {
        let mut server = Self::prepare();
        server.run().await;
        server
    }

    /// Adds command line options for the next start.
    pub(super) fn options(&mut self, options: &[&str]) {
        self.options
            .extend(options.iter().map(|&option| option.to_owned()));
    }

    /// Runs as a sentinel with this configuration.
    pub(super) fn be_sentinel(&mut self, configuration: &Path) {
        self.sentinel = Some(configuration.to_owned());
        self.options(&["--sentinel"]);
    }

    /// The scratch folder.
    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Starts the process and waits until it accepts connections.
    pub(super) async fn run(&mut self) {
        let child = Command::new("redis-server")
            .args(&self.sentinel)
            .args(["--port", "0", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(self.dir())
            .arg("--unixsocket")
            .arg(self.socket())
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server runs; these tests need the package redis-server");
        self.child = Some(child);
        until("redis-server accepts connections", async || {
            self.client().get_connection().is_ok()
        })
        .await;
    }

    /// Ends the process as a crash would.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("our own child");
            child.wait().expect("our own child");
        }
    }

    /// Sends `STOP` or `CONT`.
    pub(super) fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("running").id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill runs").success(), "kill -s {name} {pid}");
    }

    /// Runs one command as the administrator.
    pub(super) fn say<const N: usize>(&self, words: [&str; N]) -> String {
        self.run_words(&words)
    }

    /// The same for a line of words.
    pub(super) fn command(&self, line: &str) -> String {
        self.run_words(&line.split(' ').collect::<Vec<_>>())
    }

    fn run_words(&self, words: &[&str]) -> String {
        let mut connection = self.client().get_connection().expect("a running server");
        let mut command = redis::Cmd::new();
        command.arg(words);
        let reply: redis::Value = command
            .query(&mut connection)
            .unwrap_or_else(|error| panic!("{words:?}: {error}"));
        format!("{reply:?}")
    }

    /// How the store reaches this server. The timeouts are far longer than any of these tests.
    pub(super) fn settings(&self) -> RedisSettings {
        RedisSettings {
            servers: RedisServers::One(RedisAddress::Unix(self.socket())),
            db: 0,
            username: None,
            password: None,
            key: Some(KeyTemplate::parse("session:{token}").expect("a good template")),
            format: RecordFormat::Native,
            connect_timeout: Duration::from_secs(60),
            reply_timeout: Duration::from_secs(60),
            invalidation: Invalidation::Tracking,
            on_push: OnPush::Drop,
            follows: Follows::Own,
        }
    }

    /// The same, as a user of the server's ACL.
    pub(super) fn settings_of(&self, username: &str, password: &str) -> RedisSettings {
        RedisSettings {
            username: Some(username.to_owned()),
            password: Some(Secret::new(password.to_owned())),
            ..self.settings()
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir().join("redis.sock")
    }

    fn client(&self) -> redis::Client {
        let address = redis::ConnectionAddr::Unix(self.socket());
        redis::Client::open(address).expect("a good address")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Polls until it is so, for at most ten seconds.
pub(super) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let polling = async {
        while !so().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let done = timeout(Duration::from_secs(10), polling).await;
    assert!(done.is_ok(), "never happened: {what}");
}

/// Bound and released; redis-server cannot report a port that it chose itself.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("bound").port()
}
