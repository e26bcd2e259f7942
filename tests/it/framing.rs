//! R14: framing that is not plain RFC 9112 is refused before any upstream hears of it, and nothing is smuggled.

use crate::harness::{Connection, Stack, record, stack};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

fn started() -> Stack {
    stack(CONFIG).seed("token-1", &record("u-17")).start()
}

/// The statuses of all responses to these bytes, until the connection closes or nothing is left to answer.
fn statuses(connection: &mut Connection, count: usize) -> Vec<u16> {
    let replies = (0..count).map_while(|_| connection.try_reply().ok());
    replies.map(|reply| reply.status).collect()
}

#[test]
fn a_refusal_keeps_the_connection_when_nothing_is_left_on_it() {
    let stack = started();
    let mut connection = stack.connect();
    for _ in 0..3 {
        connection.send("GET /%2f HTTP/1.1\r\nHost: app.test\r\n\r\n");
        assert_eq!(connection.reply().status, 400);
        connection
            .send("GET / HTTP/1.1\r\nHost: app.test\r\nAuthorization: Bearer token-1\r\n\r\n");
        let reply = connection.reply();
        assert_eq!(reply.seen().one("x-skygear-user-id"), Some("u-17"));
    }
    assert_eq!(stack.upstream.count(), 3);
}

#[test]
fn what_follows_a_refused_body_is_never_run_as_a_request() {
    let stack = started();
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n";
    let length = smuggled.len();
    let heads = [
        format!("POST /a HTTP/1.1\r\nHost: app.test\r\nContent-Length: {length}, {length}\r\n\r\n"),
        "POST /a HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
            .to_owned(),
        format!("POST /%2f HTTP/1.1\r\nHost: app.test\r\nContent-Length: {length}\r\n\r\n"),
        format!("POST /a HTTP/1.1\r\nHost: elsewhere.test, x\r\nContent-Length: {length}\r\n\r\n"),
    ];
    for head in heads {
        let mut connection = stack.connect();
        connection.send(head.clone() + smuggled);
        assert_eq!(statuses(&mut connection, 3).first(), Some(&400), "{head}");
        let ran = stack
            .upstream
            .seen()
            .into_iter()
            .any(|seen| seen.target().contains("smuggled"));
        assert!(!ran, "{head}");
    }
}

#[test]
fn a_length_beside_chunks_is_refused_and_what_follows_is_never_run() {
    let stack = started();
    for lines in [
        "Content-Length: 5|Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked|content-length: 5",
    ] {
        let lines = lines.replace('|', "\r\n");
        let mut connection = stack.connect();
        connection.send(format!("POST /a HTTP/1.1\r\nHost: app.test\r\n{lines}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n"));
        assert_eq!(statuses(&mut connection, 3), [400], "{lines}");
        assert_eq!(stack.upstream.count(), 0, "{lines}");
    }
}

#[test]
fn a_second_request_in_the_same_packet_is_never_mixed_with_the_first() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send("GET /1 HTTP/1.1\r\nHost: app.test\r\nAuthorization: Bearer token-1\r\n\r\nGET /2 HTTP/1.1\r\nHost: app.test\r\n\r\n");
    let first = connection.reply().seen();
    assert_eq!(
        (first.target(), first.one("x-skygear-user-id")),
        ("/1", Some("u-17"))
    );
    if let Ok(second) = connection.try_reply() {
        let second = second.seen();
        assert_eq!(
            (second.target(), second.one("x-skygear-user-id")),
            ("/2", None),
            "one request, one identity"
        );
    }
}

#[test]
fn a_broken_chunk_ends_the_exchange_and_poisons_nothing() {
    let stack = started();
    for chunk in [
        "zz\r\nabc\r\n",
        "3\r\nabcd\r\n",
        "-3\r\nabc\r\n",
        "ffffffffffffffff1\r\nabc\r\n",
        " 3\r\nabc\r\n",
        "3\nabc\n",
    ] {
        let mut connection = stack.connect();
        let head = "POST /chunk HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n";
        connection.send(format!("{head}{chunk}0\r\n\r\n"));
        let _ = connection.try_reply();
        let complete = stack
            .upstream
            .seen()
            .into_iter()
            .rfind(|seen| seen.target() == "/chunk" && seen.is_complete);
        let body = complete.map(|seen| seen.body).unwrap_or_default();
        assert!(
            body.is_empty() || body == b"abc",
            "{chunk:?} became {body:?}"
        );
        assert_eq!(
            stack
                .get("/")
                .bearer("token-1")
                .send()
                .seen()
                .one("x-skygear-user-id"),
            Some("u-17"),
            "after {chunk:?}"
        );
    }
}

#[test]
fn bare_line_feeds_and_leading_empty_lines_are_written_out_properly() {
    let stack = started();
    let reply = stack.exchange("\r\nGET / HTTP/1.1\nHost: app.test\nX_Skygear_User_Id: f0rged\n\n");
    if reply.status == 200 {
        assert_eq!(reply.seen().family("x_skygear"), []);
    } else {
        assert_eq!(reply.status, 400);
    }
}

#[test]
fn hop_by_hop_headers_end_here() {
    let stack = started();
    let mut request = stack.get("/").header("Connection", "close, X-Private, te");
    for (name, value) in [
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("Proxy-Authorization", "Basic dTpw"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
        ("X-Private", "1"),
    ] {
        request = request.header(name, value);
    }
    let seen = request.send().seen();
    for name in [
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authorization",
        "TE",
        "Upgrade",
        "HTTP2-Settings",
        "X-Private",
    ] {
        assert_eq!(seen.all(name), [""; 0], "{name}");
    }
}
