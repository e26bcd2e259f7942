//! Slow, idle and many-request clients: every wait for a client has an end (R15).

use crate::harness::{Answer, Clock, Stack, eventually, record, stack};
use std::sync::mpsc;
use std::time::Duration;

const CONFIG: &str = "
client: {timeout: {header: 300ms, idle: 300ms, read: 500ms}}
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

/// Long enough for a loaded machine, far from every default.
const SOON: Duration = Duration::from_secs(5);

fn started() -> Stack {
    stack(CONFIG).seed("token-1", &record("u-17")).start()
}

#[test]
fn a_client_that_says_nothing_is_closed() {
    let stack = started();
    let clock = Clock::start();
    assert!(stack.connect().is_closed());
    let took = clock.elapsed();
    assert!(
        took >= Duration::from_millis(250) && took < SOON,
        "{took:?}"
    );
}

#[test]
fn a_head_that_comes_byte_by_byte_has_one_deadline() {
    let stack = started();
    let mut connection = stack.connect();
    let clock = Clock::start();
    let head = "GET / HTTP/1.1\r\nHost: app.test\r\nX-Slow: ";
    connection.send(head);
    // Byte after byte, each well within any timeout between two of them.
    eventually("the connection is closed", || {
        connection.try_send("a").is_err().then_some(())
    });
    assert!(clock.elapsed() < SOON, "still open after {} ms", clock.ms());
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn an_idle_connection_is_closed_after_a_request() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send(stack.get("/").bytes());
    assert_eq!(connection.reply().status, 200);
    let clock = Clock::start();
    assert!(connection.is_closed());
    assert!(clock.elapsed() < SOON, "closed after {} ms", clock.ms());
}

#[test]
fn half_a_second_head_on_a_kept_connection_has_a_deadline_too() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send(stack.get("/").bytes());
    assert_eq!(connection.reply().status, 200);
    connection.send("GET / HTTP/1.1\r\nHost: a");
    let clock = Clock::start();
    assert!(connection.is_closed());
    assert!(clock.elapsed() < SOON, "closed after {} ms", clock.ms());
}

#[test]
fn a_body_that_does_not_come_is_408_or_closed() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send("POST /slow HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nabc");
    let clock = Clock::start();
    if let Ok(reply) = connection.try_reply() {
        assert_eq!(reply.denial(), (408, "request_timeout".to_owned()));
    }
    assert!(clock.elapsed() < SOON, "answered after {} ms", clock.ms());
    assert!(
        !stack.upstream.last().is_complete,
        "the upstream never takes it for whole"
    );
}

#[test]
fn a_request_whose_answer_takes_longer_than_the_head_may_is_not_cut() {
    let stack = started();
    let (feed, pieces) = mpsc::channel();
    stack.upstream.on("/long", Answer::Fed(pieces));
    let mut connection = stack.connect();
    connection.send(stack.get("/long").bytes());
    stack.upstream.wait_for("/long", 0);
    let clock = Clock::start();
    eventually("three times the deadline passes", || {
        (clock.elapsed() > Duration::from_millis(900)).then_some(())
    });
    feed.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec())
        .expect("the upstream takes it");
    assert_eq!(connection.reply().text(), "ok");
}

#[test]
fn a_connection_carries_many_requests_and_each_its_own_identity() {
    let stack = started();
    let mut connection = stack.connect();
    for round in 0..100 {
        let request = if round % 2 == 0 {
            stack.get("/").bearer("token-1")
        } else {
            stack.get("/")
        };
        connection.send(request.bytes());
        let seen = connection.reply().seen();
        let expected = (round % 2 == 0).then_some("u-17");
        assert_eq!(seen.one("x-skygear-user-id"), expected, "request {round}");
    }
}
