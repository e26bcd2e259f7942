//! What systemd is told: READY once requests are served, WATCHDOG meanwhile, STOPPING at the beginning of the end.

use crate::harness::{Answer, Stack, StackBuilder, eventually, record, stack};
use std::cell::RefCell;
use std::io;
use std::os::unix::net::UnixDatagram;
use tempfile::TempDir;

/// The service manager's end of `NOTIFY_SOCKET`.
struct Manager {
    socket: UnixDatagram,
    told: RefCell<Vec<String>>,
    folder: TempDir,
}

impl Manager {
    fn listen() -> Self {
        let folder = tempfile::tempdir().expect("scratch");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("scratch is writable");
        socket.set_nonblocking(true).expect("a socket");
        Self {
            socket,
            told: RefCell::default(),
            folder,
        }
    }

    /// The variable that names it.
    fn manages(&self, stack: StackBuilder) -> StackBuilder {
        let path = self.folder.path().join("notify");
        stack.env("NOTIFY_SOCKET", path.to_str().expect("UTF-8"))
    }

    /// Every assignment so far, in order.
    fn told(&self) -> Vec<String> {
        let mut datagram = [0; 4096];
        loop {
            match self.socket.recv(&mut datagram) {
                Ok(length) => {
                    let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
                    self.told
                        .borrow_mut()
                        .extend(text.lines().map(str::to_owned));
                }
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                    return self.told.borrow().clone();
                }
                Err(fault) => panic!("{fault}"),
            }
        }
    }

    fn count(&self, word: &str) -> usize {
        self.told().iter().filter(|own| *own == word).count()
    }

    #[track_caller]
    fn wait_for(&self, word: &str) {
        eventually(word, || (self.count(word) > 0).then_some(()));
    }
}

fn builder() -> StackBuilder {
    let yaml = "sessions: {memory: {seed: seed.yaml}}\nroutes: [{upstream: 'unix:app.sock', identity: skygear}]\n";
    stack(yaml).seed("token-1", &record("u-17"))
}

/// Whether a request is answered right now, without waiting for the node.
fn is_served(stack: &Stack) -> bool {
    stack.get("/").bearer("token-1").send().status == 200
}

#[test]
fn ready_is_told_once_when_requests_are_served() {
    let manager = Manager::listen();
    let stack = manager.manages(builder()).spawn();
    manager.wait_for("READY=1");
    assert!(is_served(&stack), "the first request after READY=1");
    assert_eq!(stack.admin("/readyz").status, 200);
    assert_eq!(
        (manager.count("READY=1"), manager.count("STOPPING=1")),
        (1, 0)
    );
    assert_eq!(manager.count("WATCHDOG=1"), 0, "no watchdog was asked for");
}

#[test]
fn stopping_is_told_before_the_last_request_is_done() {
    for signal in ["-TERM", "-QUIT"] {
        let manager = Manager::listen();
        let mut stack = manager.manages(builder()).start();
        stack.upstream.on("/never", Answer::Silence);
        let mut connection = stack.connect();
        connection.send(stack.get("/never").bytes());
        stack.upstream.wait_for("/never", 0);
        stack.gateway.signal(signal);
        manager.wait_for("STOPPING=1");
        assert!(
            stack.gateway.try_exit().is_none(),
            "{signal}: it still serves the request"
        );
        drop(connection);
        assert_eq!(stack.gateway.exit().code(), Some(0), "{signal}");
        let order: Vec<_> = manager
            .told()
            .into_iter()
            .filter(|word| word != "WATCHDOG=1")
            .collect();
        assert_eq!(order, ["READY=1", "STOPPING=1"], "{signal}");
    }
}

#[test]
fn the_watchdog_is_fed_again_and_again() {
    let manager = Manager::listen();
    let _stack = manager
        .manages(builder())
        .env("WATCHDOG_USEC", "100000")
        .start();
    eventually("WATCHDOG=1 three times", || {
        (manager.count("WATCHDOG=1") >= 3).then_some(())
    });
}

#[test]
fn a_watchdog_of_another_process_is_not_fed() {
    let manager = Manager::listen();
    let stack = manager
        .manages(builder())
        .env("WATCHDOG_USEC", "20000")
        .env("WATCHDOG_PID", "1")
        .start();
    manager.wait_for("READY=1");
    for _ in 0..50 {
        assert!(is_served(&stack));
    }
    assert_eq!(manager.count("WATCHDOG=1"), 0);
}

#[test]
fn a_start_that_fails_is_never_told_as_ready() {
    let manager = Manager::listen();
    let mut stack = manager
        .manages(builder())
        .listen("unix:no-such-folder/gate.sock")
        .spawn();
    assert_eq!(
        stack.gateway.exit().code(),
        Some(1),
        "{}",
        stack.gateway.output()
    );
    assert_eq!(manager.count("READY=1"), 0);
}

#[test]
fn a_manager_that_is_gone_disturbs_nobody() {
    let manager = Manager::listen();
    let builder = manager.manages(builder());
    drop(manager);
    let stack = builder.start();
    assert!(is_served(&stack));
}
