//! `App`: an application of `tests/frameworks` as a process, stopped on drop.

use crate::harness::{eventually, free_port};
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// It listens on a free port of loopback.
pub(super) struct App {
    port: u16,
    child: Option<Child>,
    log: PathBuf,
}

impl App {
    /// Made ready to be started: its port is known.
    pub(super) fn absent() -> Self {
        Self {
            port: free_port(),
            child: None,
            log: PathBuf::new(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Starts the file with these variables, its output kept in the folder, and waits until it listens.
    #[track_caller]
    pub(super) fn start(&mut self, file: &str, environment: &[(&str, &str)], folder: &Path) {
        self.log = folder.join("framework.out");
        let log = File::create(&self.log).expect("scratch is writable");
        let child = program(file, self.port)
            .current_dir(Path::new(ROOT).join("tests/frameworks"))
            .envs(environment.iter().copied())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(log)
            .spawn();
        let child = child.unwrap_or_else(|fault| panic!("{file}: {fault}. {REMEDY}"));
        self.child = Some(child);
        eventually(&format!("{file} listens"), || {
            let ended = self.child.as_mut()?.try_wait().expect("it is ours");
            assert!(ended.is_none(), "{file} ended. {REMEDY}\n{}", self.output());
            TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    /// Everything it has printed.
    pub(super) fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What runs files of this kind, as the head of each file says.
fn program(file: &str, port: u16) -> Command {
    let kind = Path::new(file).extension().and_then(|kind| kind.to_str());
    let mut command = match kind {
        Some("js") => Command::new("node"),
        Some("py") => Command::new(installed("venv/bin/python")),
        Some("php") => {
            let mut php = Command::new("php");
            php.args(["-S", &format!("127.0.0.1:{port}"), file]);
            return php;
        }
        _ => panic!("nothing runs {file}"),
    };
    command.args([file, &port.to_string()]);
    command
}

/// A file or folder of what `tests/frameworks/install` has installed.
pub(super) fn installed(name: &str) -> PathBuf {
    Path::new(ROOT).join("target/frameworks").join(name)
}

const REMEDY: &str = "`make test-frameworks` installs what it needs";
