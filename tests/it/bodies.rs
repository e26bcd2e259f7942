//! Bodies stream both ways without being gathered, keep their bytes, and have a limit (R15).

use crate::harness::{Answer, Stack, record, stack};
use std::sync::mpsc;

const CONFIG: &str = "
client: {max_body: 64KiB}
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
  - {name: big, host: big.test, upstream: 'unix:app.sock', identity: none, max_body: 64MiB}
";

fn started() -> Stack {
    stack(CONFIG).seed("token-1", &record("u-17")).start()
}

fn chunk(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat()
}

#[test]
fn a_request_body_reaches_the_upstream_while_the_client_is_still_sending() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send("POST /up HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    connection.send(chunk(b"first"));
    assert!(!stack.upstream.wait_for("/up", 5).is_complete);
    connection.send(chunk(b"second"));
    assert!(!stack.upstream.wait_for("/up", 11).is_complete);
    connection.send("0\r\n\r\n");
    assert_eq!(connection.reply().seen().body, b"firstsecond");
    connection.send("POST /length HTTP/1.1\r\nHost: app.test\r\nContent-Length: 6\r\n\r\nabc");
    stack.upstream.wait_for("/length", 3);
    connection.send("def");
    assert_eq!(
        connection.reply().seen().body,
        b"abcdef",
        "the same with a length, on the same connection"
    );
}

#[test]
fn a_response_body_reaches_the_client_while_the_upstream_is_still_sending() {
    let stack = started();
    let (feed, pieces) = mpsc::channel();
    stack.upstream.on("/events", Answer::Fed(pieces));
    let mut connection = stack.connect();
    connection.send("GET /events HTTP/1.1\r\nHost: app.test\r\n\r\n");
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    feed.send(head.into()).expect("the upstream takes it");
    assert_eq!(
        connection.head().status,
        200,
        "the head comes before any body"
    );
    for piece in [b"data", b": on", b"e\n\n\n"] {
        feed.send(chunk(piece)).expect("the upstream takes it");
        assert_eq!(connection.take(chunk(piece).len()), chunk(piece));
    }
}

#[test]
fn ten_megabytes_pass_both_ways_unchanged() {
    let stack = started();
    let body: Vec<u8> = (0..10 << 20)
        .map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    stack
        .upstream
        .on("/", Answer::Raw([head.as_bytes(), &body].concat()));
    let reply = stack.post("/").host("big.test").body(&body).send();
    assert!(reply.body == body, "the response's body");
    assert!(stack.upstream.last().body == body, "the request's body");
}

#[test]
fn a_body_that_announces_too_much_is_413_and_the_upstream_hears_nothing() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send(format!(
        "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: {}\r\n\r\n",
        64 * 1024 + 1
    ));
    let reply = connection.reply();
    assert_eq!(reply.denial(), (413, "body_too_large".to_owned()));
    assert_eq!(stack.upstream.count(), 0);
    assert_eq!(
        stack.post("/").body(vec![b'x'; 64 * 1024]).send().status,
        200,
        "the limit itself passes"
    );
}

#[test]
fn a_chunked_body_is_cut_off_at_the_limit() {
    let stack = started();
    let mut connection = stack.connect();
    connection
        .send("POST /chunks HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..9 {
        let _ = connection.try_send(chunk(&[b'x'; 8 * 1024]));
    }
    let _ = connection.try_send("0\r\n\r\n");
    assert_eq!(
        connection.reply().denial(),
        (413, "body_too_large".to_owned())
    );
    assert!(
        connection.is_closed(),
        "what else is on the connection is not a request"
    );
    let seen = stack
        .upstream
        .seen()
        .into_iter()
        .rfind(|seen| seen.target() == "/chunks");
    assert!(
        seen.is_none_or(|seen| !seen.is_complete),
        "the upstream never takes it for whole"
    );
}

#[test]
fn a_refused_request_with_a_body_does_not_wait_for_it() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send("POST /%2f HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100\r\n\r\n");
    assert_eq!(connection.reply().status, 400);
}

#[test]
fn a_client_whose_body_is_not_wanted_is_answered_and_not_reset() {
    let stack = stack(CONFIG)
        .seed("token-1", &record("u-17"))
        .threads(1)
        .start();
    let body = "x".repeat(50_000);
    for (path, announced, status) in [("/%2f", body.len(), 400), ("/", 64 * 1024 + 1, 413)] {
        let mut connection = stack.connect();
        connection.send(format!(
            "POST {path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: {announced}\r\n\r\n{body}"
        ));
        assert_eq!(connection.reply().status, status, "{path}");
        // The one thread has let go of the first connection, if it was going to, before it answers on another.
        assert_eq!(stack.get("/").send().status, 200);
        assert!(connection.ends(), "{path}: reset, with bytes unread");
    }
}

#[test]
fn the_end_of_a_response_is_what_the_upstream_says() {
    let stack = started();
    for (path, raw, status, body) in [
        (
            "/length",
            "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc",
            201,
            "abc",
        ),
        (
            "/chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            200,
            "abcde",
        ),
        ("/204", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (
            "/304",
            "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
            304,
            "",
        ),
        (
            "/empty",
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            500,
            "",
        ),
    ] {
        stack.upstream.on(path, Answer::Raw(raw.into()));
        let mut connection = stack.connect();
        for round in 0..2 {
            connection.send(stack.get(path).bytes());
            let reply = connection.reply();
            assert_eq!(
                (reply.status, reply.text().as_str()),
                (status, body),
                "{path}, round {round}"
            );
        }
    }
    stack.upstream.on(
        "/close",
        Answer::RawThenClose("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc".into()),
    );
    assert_eq!(
        stack.get("/close").send().text(),
        "abc",
        "a body that ends with the connection"
    );
}

#[test]
fn a_response_that_breaks_off_is_not_passed_off_as_whole() {
    let stack = started();
    let cut = [
        (
            "/length",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        ),
        (
            "/chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ),
    ];
    for (path, raw) in cut {
        stack.upstream.on(path, Answer::RawThenClose(raw.into()));
        let mut connection = stack.connect();
        connection.send(stack.get(path).bytes());
        assert!(connection.try_reply().is_err(), "{path}");
    }
}

#[test]
fn head_is_answered_without_a_body() {
    let stack = started();
    let mut connection = stack.connect();
    for _ in 0..2 {
        connection.send("HEAD /x HTTP/1.1\r\nHost: app.test\r\n\r\n");
        let reply = connection.reply_to_head();
        assert!(
            reply.status == 200
                && reply
                    .header("Content-Length")
                    .is_some_and(|length| length != "0")
        );
    }
    connection.send(stack.get("/y").bytes());
    assert_eq!(connection.reply().seen().target(), "/y");
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to_go_on() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send("POST /wait HTTP/1.1\r\nHost: app.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    let interim = connection.take("HTTP/1.1 100 Continue\r\n\r\n".len());
    assert_eq!(interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.send("abc");
    assert_eq!(connection.reply().seen().body, b"abc");
}

#[test]
fn an_http_1_0_client_is_served_and_the_connection_closed() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send("GET /old HTTP/1.0\r\nHost: app.test\r\n\r\n");
    let reply = connection.reply();
    assert_eq!(
        (reply.status, reply.seen().line.as_str()),
        (200, "GET /old HTTP/1.1")
    );
    assert!(connection.is_closed());
}
