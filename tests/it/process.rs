//! The life of the process: start, signals, drain, exit codes.

use crate::harness::{
    Answer, Clock, Command, Connection, Stack, eventually, free_port, record, stack,
};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::time::Duration;

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

fn started() -> Stack {
    stack(CONFIG).seed("token-1", &record("u-17")).start()
}

#[test]
fn sigterm_on_an_idle_node_ends_it_at_once_with_0() {
    let mut stack = started();
    let mut idle = stack.connect();
    idle.send(stack.get("/").bytes());
    assert_eq!(idle.reply().status, 200);
    let clock = Clock::start();
    stack.gateway.signal("-TERM");
    assert_eq!(stack.gateway.exit().code(), Some(0));
    assert!(
        clock.elapsed() < Duration::from_secs(3),
        "{} ms, with a drain of 20 s",
        clock.ms()
    );
}

#[test]
fn sigterm_lets_a_request_in_flight_finish_and_ends_as_soon_as_it_has() {
    drains(started());
}

/// Alone, a worker runs on a runtime of another kind.
#[test]
fn a_node_of_one_thread_drains_as_well() {
    let one = stack(CONFIG).threads(1);
    drains(one.seed("token-1", &record("u-17")).start());
}

fn drains(mut stack: Stack) {
    let (feed, pieces) = mpsc::channel();
    stack.upstream.on("/long", Answer::Fed(pieces));
    let mut connection = stack.connect();
    connection.send(stack.get("/long").bearer("token-1").bytes());
    feed.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec())
        .expect("the upstream takes it");
    assert_eq!(connection.head().status, 200);
    stack.gateway.signal("-TERM");
    eventually("new connections are refused", || {
        Connection::unix(&stack.path("gate.sock"))
            .is_err()
            .then_some(())
    });
    assert!(
        stack.gateway.try_exit().is_none(),
        "it waits for the request"
    );
    feed.send(b"3\r\ndef\r\n".to_vec())
        .expect("the upstream takes it");
    assert_eq!(connection.take(16), b"3\r\nabc\r\n3\r\ndef\r\n");
    let clock = Clock::start();
    feed.send(b"0\r\n\r\n".to_vec())
        .expect("the upstream takes it");
    assert_eq!(connection.take(5), b"0\r\n\r\n");
    assert_eq!(stack.gateway.exit().code(), Some(0));
    assert!(
        clock.elapsed() < Duration::from_secs(3),
        "{} ms after the last byte",
        clock.ms()
    );
    let lines = stack.gateway.log("access");
    assert!(
        lines
            .iter()
            .any(|line| line["path"] == "/long" && line["status"] == 200),
        "its line was written: {lines:?}"
    );
}

#[test]
fn sigterm_waits_for_a_request_whose_session_is_being_looked_up() {
    let yaml = CONFIG.replace(
        "memory: {seed: seed.yaml}",
        "redis: {url: '${REDIS}', timeout: {reply: 1s}}",
    );
    let mut stack = stack(&yaml).redis().start();
    stack.redis().put("token-1", &record("u-17"));
    stack.redis().freeze();
    let mut connection = stack.connect();
    connection.send(stack.get("/").bearer("token-1").bytes());
    eventually("the session is asked for", || {
        (stack.metric("sessiongate_session_loads_in_flight") == 1.0).then_some(())
    });
    stack.gateway.signal("-TERM");
    assert_eq!(connection.reply().status, 503);
    assert_eq!(stack.gateway.exit().code(), Some(0));
    stack.redis().thaw();
}

#[test]
fn sigterm_does_not_wait_longer_than_the_drain() {
    let mut stack = stack(&format!("shutdown: {{drain: 1s}}{CONFIG}"))
        .seed("token-1", &record("u-17"))
        .start();
    stack.upstream.on("/never", Answer::Silence);
    let mut connection = stack.connect();
    connection.send(stack.get("/never").bytes());
    stack.upstream.wait_for("/never", 0);
    let clock = Clock::start();
    stack.gateway.signal("-TERM");
    stack.gateway.exit();
    assert!(
        clock.elapsed() < Duration::from_secs(6),
        "{} ms",
        clock.ms()
    );
}

#[test]
fn a_draining_node_says_that_it_is_not_ready() {
    let mut stack = started();
    stack.upstream.on("/never", Answer::Silence);
    let mut connection = stack.connect();
    connection.send(stack.get("/never").bytes());
    stack.upstream.wait_for("/never", 0);
    stack.gateway.signal("-TERM");
    let told = eventually("the node is not ready or not there", || {
        let Ok(mut admin) = Connection::unix(&stack.path("admin.sock")) else {
            return Some(None);
        };
        admin
            .try_send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .ok()?;
        let status = admin.try_reply().ok().map(|reply| reply.status);
        (status != Some(200)).then_some(status)
    });
    assert!(told.is_none_or(|status| status == 503), "{told:?}");
    assert!(
        stack.gateway.try_exit().is_none(),
        "it still serves the request"
    );
}

#[test]
fn sigint_ends_it_at_once() {
    let mut stack = started();
    stack.upstream.on("/never", Answer::Silence);
    let mut connection = stack.connect();
    connection.send(stack.get("/never").bytes());
    stack.upstream.wait_for("/never", 0);
    let clock = Clock::start();
    stack.gateway.signal("-INT");
    stack.gateway.exit();
    assert!(
        clock.elapsed() < Duration::from_secs(5),
        "{} ms",
        clock.ms()
    );
}

#[test]
fn sighup_does_not_kill() {
    let mut stack = started();
    stack.gateway.signal("-HUP");
    eventually("it says so", || {
        stack.gateway.output().contains("SIGHUP").then_some(())
    });
    assert_eq!(stack.get("/").send().status, 200);
    assert!(stack.gateway.try_exit().is_none());
}

#[test]
fn a_taken_port_ends_the_start_at_once_with_1() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = taken.local_addr().expect("bound").port();
    let mut stack = stack(CONFIG)
        .listen(&format!("127.0.0.1:{port}"))
        .seed("token-1", &record("u"))
        .spawn();
    let clock = Clock::start();
    assert_eq!(stack.gateway.exit().code(), Some(1));
    assert!(
        clock.elapsed() < Duration::from_secs(3),
        "{} ms",
        clock.ms()
    );
    let output = stack.gateway.output();
    assert!(output.contains(&format!("127.0.0.1:{port}")), "{output}");
    assert_eq!(stack.gateway.log("access").len(), 0);
}

#[test]
fn a_socket_file_that_was_left_behind_is_replaced() {
    let stack = stack(CONFIG).seed("token-1", &record("u"));
    let stack = stack.leftover("gate.sock").start();
    assert_eq!(stack.get("/").send().status, 200);
}

#[test]
fn several_listeners_serve_the_same_routes() {
    let port = free_port();
    let stack = stack(CONFIG)
        .listen(&format!("[unix:gate.sock, '127.0.0.1:{port}']"))
        .seed("token-1", &record("u"))
        .start();
    assert_eq!(stack.get("/").send().status, 200);
    let mut tcp = Connection::tcp(port).expect("it listens");
    assert_eq!(tcp.send(stack.get("/").bytes()).reply().status, 200);
}

#[test]
fn access_lines_have_the_fields_of_the_contract() {
    let stack = started();
    let reply = stack
        .get("/x?secret=1")
        .host("App.Test")
        .bearer("token-1")
        .send();
    let line = stack
        .gateway
        .access_line(reply.header("X-Request-Id").expect("an id"));
    for (key, value) in [
        ("level", "info"),
        ("event", "access"),
        ("route", "*"),
        ("method", "GET"),
        ("host", "app.test"),
        ("path", "/x"),
        ("source", "web"),
        ("outcome", "valid"),
    ] {
        assert_eq!(line[key], value, "{key}: {line}");
    }
    assert_eq!(
        (line["status"].as_u64(), line["bytes"].as_u64()),
        (Some(200), Some(reply.body.len() as u64))
    );
    for key in ["ts", "upstream", "server", "sid", "request_id"] {
        assert!(
            line[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}: {line}"
        );
    }
    for key in ["ms", "overhead_us"] {
        assert!(line[key].is_number(), "{key}: {line}");
    }
}

#[test]
fn access_lines_can_be_turned_off() {
    let stack = stack(&format!("log: {{access: none}}{CONFIG}"))
        .seed("token-1", &record("u"))
        .start();
    assert_eq!(stack.get("/").send().status, 200);
    assert_eq!(stack.gateway.log("access").len(), 0);
}

#[test]
fn a_word_that_is_no_command_is_exit_code_2() {
    let stack = started();
    for arguments in [&["nonsense"][..], &["run", "--nonsense"]] {
        let output = Command::new(&stack.path(""), arguments).run();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_port_alone_listens_on_every_address_of_both_families() {
    let port = free_port();
    let stack = stack(CONFIG)
        .listen(&format!(":{port}"))
        .seed("token-1", &record("u-17"))
        .start();
    for address in ["127.0.0.1", "127.0.0.2", "::1"] {
        let to = SocketAddr::new(address.parse().expect("an address"), port);
        let mut connection = Connection::tcp_to(to).expect(address);
        let reply = connection
            .send(stack.get("/").bearer("token-1").bytes())
            .reply();
        let seen = reply.seen();
        assert_eq!(seen.one("x-skygear-user-id"), Some("u-17"), "{address}");
        // An IPv4 caller of a socket of both families is told as IPv4.
        let family = if address == "::1" { "::1" } else { "127.0.0." };
        assert!(
            seen.one("x-forwarded-for")
                .is_some_and(|caller| caller.starts_with(family)),
            "{address}: {seen:?}"
        );
    }
}
