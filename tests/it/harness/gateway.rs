//! `Gateway`: the real binary, its output kept, stopped on drop.

use super::client::Connection;
use super::wait::eventually;
use serde_json::Value;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, ExitStatus, Output};
use std::sync::atomic::{AtomicU32, Ordering};

const BINARY: &str = env!("CARGO_BIN_EXE_sessiongate");

/// A running `sessiongate run`.
pub(crate) struct Gateway {
    folder: PathBuf,
    child: Child,
    exited: Option<ExitStatus>,
}

impl Gateway {
    /// Starts it on `gate.yaml` in the folder, without waiting for it.
    pub(super) fn spawn(folder: &Path, environment: &[(String, String)]) -> Self {
        let out = File::create(folder.join("gate.out")).expect("scratch is writable");
        let err = File::create(folder.join("gate.err")).expect("scratch is writable");
        let child = Process::new(BINARY)
            .args(["run", "--config", "gate.yaml"])
            .envs(environment.iter().cloned())
            .current_dir(folder)
            .stdout(out)
            .stderr(err)
            .spawn();
        Self {
            folder: folder.to_owned(),
            child: child.expect("the binary runs"),
            exited: None,
        }
    }

    /// Polls `/readyz` until it says so.
    pub(super) fn wait_until_ready(&mut self) {
        let socket = self.folder.join("admin.sock");
        eventually("the gateway is ready", || {
            if let Some(status) = self.try_exit() {
                panic!("the gateway ended with {status}\n{}", self.output());
            }
            let mut admin = Connection::unix(&socket).ok()?;
            admin
                .try_send("GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n")
                .ok()?;
            (admin.try_reply().ok()?.status == 200).then_some(())
        });
    }

    /// Everything it has printed, access log included.
    pub(crate) fn output(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        read("gate.out") + &read("gate.err")
    }

    /// The lines of its standard output that are JSON objects of this event, or of any kind of log for `""`.
    pub(crate) fn log(&self, event: &str) -> Vec<Value> {
        let out = fs::read_to_string(self.folder.join("gate.out")).unwrap_or_default();
        let lines = out
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_event = |line: &Value| {
            line.get("event")
                .and_then(Value::as_str)
                .unwrap_or_default()
                == event
        };
        lines.filter(of_event).collect()
    }

    /// The access-log line of the request that was answered with this id.
    #[track_caller]
    pub(crate) fn access_line(&self, request_id: &str) -> Value {
        eventually(&format!("an access-log line for {request_id}"), || {
            let lines = self.log("access").into_iter();
            lines
                .rev()
                .find(|line| line.get("request_id").and_then(Value::as_str) == Some(request_id))
        })
    }

    /// Sends it a signal, such as `-TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Whether and how it has ended.
    pub(crate) fn try_exit(&mut self) -> Option<ExitStatus> {
        if self.exited.is_none() {
            self.exited = self.child.try_wait().expect("it is ours");
        }
        self.exited
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn exit(&mut self) -> ExitStatus {
        eventually("the gateway ends", || self.try_exit())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.try_exit().is_none() {
            // The scenario is over; whether it drains well is the subject of its own cases.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// One invocation of the binary that ends by itself.
pub(crate) struct Command {
    folder: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Command {
    /// Words of the command line, run in this folder.
    pub(crate) fn new(folder: &Path, arguments: &[&str]) -> Self {
        Self {
            folder: folder.to_owned(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            environment: Vec::new(),
        }
    }

    /// With variables that the configuration may name.
    pub(crate) fn environment(mut self, environment: &[(String, String)]) -> Self {
        self.environment.extend_from_slice(environment);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Output {
        let output = Process::new(BINARY)
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .current_dir(&self.folder)
            .output();
        output.expect("the binary runs")
    }
}

/// A port that was free a moment ago, and that nobody else is given: below those that the kernel gives to connections, and
/// each once in this process.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 16_384;
    const COUNT: u32 = 16_384;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Two runs at once begin in different places.
    let start = std::process::id().wrapping_mul(769);
    (0..COUNT)
        .map(|_| start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)))
        .filter_map(|at| u16::try_from(FIRST + at % COUNT).ok())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port of the loopback is free")
}

/// Signals a process that a test has started.
pub(super) fn signal(child: &Child, name: &str) {
    let sent = Process::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "kill {name}");
}
