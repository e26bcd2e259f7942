//! What of an upstream's answer reaches the client: all it said, nothing that ends here, never two readings.

use crate::harness::{Answer, Reply, stack};

/// What a client gets when the upstream answers so and then closes.
#[track_caller]
fn answered(answer: &str) -> Option<Reply> {
    let stack = stack("routes:\n  - {upstream: 'unix:app.sock'}\n").start();
    stack.upstream.on("/", Answer::RawThenClose(answer.into()));
    let mut connection = stack.connect();
    connection.send(stack.get("/").bytes());
    let reply = connection.try_reply();
    assert_eq!(
        stack.get("/next").send().status,
        200,
        "the next request works"
    );
    reply.ok()
}

#[test]
fn headers_pass_with_their_spelling_and_as_often_as_they_stand_there() {
    let reply = answered(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nX-oDd: 1\r\nSet-Cookie: b=2\r\nServer: app\r\nContent-Length: 2\r\n\r\nok",
    );
    let reply = reply.expect("a response");
    let of = |name: &str| {
        reply
            .headers
            .iter()
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("Set-Cookie"), ["a=1; Path=/", "b=2"]);
    assert_eq!(of("X-oDd"), ["1"]);
    assert_eq!(
        of("Server"),
        ["app"],
        "the upstream's own, and none of ours"
    );
}

#[test]
fn hop_by_hop_headers_of_the_upstream_end_here() {
    let reply = answered(
        "HTTP/1.1 200 OK\r\nConnection: close, X-Private\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok",
    );
    let reply = reply.expect("a response");
    assert_eq!(
        (reply.header("Keep-Alive"), reply.text().as_str()),
        (None, "ok")
    );
    assert!(
        reply
            .header("Connection")
            .is_none_or(|value| !value.contains("X-Private"))
    );
}

#[test]
fn the_request_id_is_the_one_that_we_log() {
    let stack = stack("routes:\n  - {upstream: 'unix:app.sock'}\n").start();
    let answer = "HTTP/1.1 200 OK\r\nX-Request-Id: its-own\r\nContent-Length: 2\r\n\r\nok";
    stack.upstream.on("/", Answer::Raw(answer.into()));
    let reply = stack.get("/").send();
    let ids: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("x-request-id"))
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(
        stack.upstream.last().one("X-Request-Id"),
        reply.header("X-Request-Id")
    );
}

#[test]
fn an_answer_that_can_be_read_in_two_ways_is_passed_on_in_one_or_not_at_all() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    ] {
        // The client reads strictly: an ambiguous head would be no reply at all.
        let Some(reply) = answered(answer) else {
            continue;
        };
        let is_ours = reply.status == 502;
        assert!(
            is_ours || reply.text() == "abc",
            "{answer:?} became {reply:?}"
        );
    }
}

#[test]
fn an_interim_answer_does_not_end_the_request() {
    let reply = answered(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    let reply = reply.expect("a response");
    assert_eq!((reply.status, reply.text().as_str()), (200, "ok"));
}

#[test]
fn an_answer_that_comes_before_the_body_is_passed_on_at_once() {
    let stack = stack("routes:\n  - {upstream: 'unix:app.sock'}\n").start();
    let answer = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    stack
        .upstream
        .on("/upload", Answer::BeforeBody(answer.into()));
    let mut connection = stack.connect();
    connection
        .send("POST /upload HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1000000\r\n\r\nstart");
    let reply = connection.reply();
    assert_eq!((reply.status, reply.text().as_str()), (403, "no"));
}
