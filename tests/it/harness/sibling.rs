//! `Sibling`: another gateway in the folder of a stack, with the same files, variables and Redis.

use super::client::Connection;
use super::request::Request;
use super::stack::Stack;
use super::wait::eventually;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Stops on drop.
pub(crate) struct Sibling {
    gate: PathBuf,
    child: Child,
}

impl Sibling {
    /// Starts it with `yaml` below its own `listen:`, and waits until its listener takes connections.
    pub(crate) fn start(stack: &Stack, name: &str, yaml: &str) -> Self {
        let (file, gate) = (format!("{name}.yaml"), stack.path(&format!("{name}.sock")));
        let text = format!("listen: unix:{name}.sock\nthreads: 2\n{yaml}");
        fs::write(stack.path(&file), text).expect("scratch is writable");
        let child = Command::new(env!("CARGO_BIN_EXE_sessiongate"))
            .args(["run", "--config", &file])
            .envs(stack.environment().iter().cloned())
            .current_dir(stack.path(""))
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let sibling = Self { gate, child };
        eventually("the sibling listens", || {
            let mut connection = Connection::unix(&sibling.gate).ok()?;
            connection
                .try_send("GET /%2f HTTP/1.1\r\nHost: app.test\r\n\r\n")
                .ok()?;
            connection.try_reply().ok()
        });
        sibling
    }

    pub(crate) fn get(&self, target: &str) -> Request<'_> {
        let connect = || Connection::unix(&self.gate).expect("the sibling listens");
        Request::new(connect, "GET", target)
    }
}

impl Drop for Sibling {
    fn drop(&mut self) {
        // The scenario is over.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
