//! WebSocket upgrades pass through; anything else that calls itself an upgrade does not.

use crate::harness::{Answer, RefusingPort, SWITCHING, Stack, Upstream, record, stack};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
  - {host: guarded.test, upstream: 'unix:app.sock', identity: skygear, require: session}
";

fn started() -> Stack {
    let stack = stack(CONFIG).seed("token-1", &record("u-17")).start();
    stack.upstream.on("/chat", Answer::WebSocket);
    stack
}

fn handshake(host: &str, target: &str, more: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

#[test]
fn bytes_pass_both_ways_after_101() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send(handshake(
        "app.test",
        "/chat",
        "Cookie: session=token-1\r\n",
    ));
    assert_eq!(connection.head().status, 101);
    for message in [
        "\u{1}hello",
        "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n",
        "\r\n\r\n",
    ] {
        connection.send(message);
        assert_eq!(connection.take(message.len()), message.as_bytes());
    }
    let seen = stack.upstream.seen();
    assert_eq!(seen.len(), 1, "one request, whatever followed");
    assert_eq!(seen[0].one("x-skygear-user-id"), Some("u-17"));
    assert_eq!(seen[0].one("Upgrade"), Some("websocket"));
}

/// The 101 is there before Pingora looks for it, which is the rare case of a fast server and a busy gateway.
#[test]
fn a_101_sooner_than_anything_opens_the_tunnel_too() {
    let stack = started();
    stack.upstream.on("/eager", Answer::Echo);
    stack.upstream.greet(SWITCHING);
    for attempt in 0..50 {
        let mut connection = stack.connect();
        connection.send(handshake("app.test", "/eager", ""));
        assert_eq!(connection.head().status, 101, "attempt {attempt}");
        connection.send("\u{1}hello");
        assert_eq!(connection.take(6), b"\x01hello", "attempt {attempt}");
    }
}

#[test]
fn what_comes_in_one_piece_with_the_101_arrives() {
    let stack = started();
    let welcome = [SWITCHING, b"\x01welcome"].concat();
    stack.upstream.on("/welcome", Answer::Raw(welcome));
    let mut connection = stack.connect();
    connection.send(handshake("app.test", "/welcome", ""));
    assert_eq!(connection.head().status, 101);
    assert_eq!(connection.take(8), b"\x01welcome");
}

#[test]
fn a_server_that_refuses_connections_is_passed_over() {
    let (refusing, upstream) = (RefusingPort::reserve(), Upstream::tcp());
    upstream.on("/chat", Answer::WebSocket);
    let config = format!(
        "upstreams:\n  chat: {{servers: ['127.0.0.1:{}', '127.0.0.1:{}']}}\nroutes:\n  - {{upstream: chat}}\n",
        refusing.port(),
        upstream.port()
    );
    let stack = stack(&config).start();
    let mut connection = stack.connect();
    connection.send(handshake("app.test", "/chat", ""));
    assert_eq!(connection.head().status, 101);
    connection.send("\u{1}hello");
    assert_eq!(connection.take(6), b"\x01hello");
}

#[test]
fn a_handshake_has_a_connection_of_its_own_and_it_is_not_pooled() {
    let stack = started();
    let refusal = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n";
    stack.upstream.on("/refused", Answer::Raw(refusal.into()));
    let mut connection = stack.connect();
    let mut opened = |request: Vec<u8>, status| {
        assert_eq!(connection.send(request).reply().status, status);
        stack.upstream.connections()
    };
    let plain = || stack.get("/").bytes();
    let refused = || handshake("app.test", "/refused", "").into_bytes();
    assert_eq!(opened(plain(), 200), 1);
    assert_eq!(opened(refused(), 426), 2);
    assert_eq!(opened(refused(), 426), 3);
    assert_eq!(opened(plain(), 200), 3, "the first one");
}

#[test]
fn no_byte_passes_before_101() {
    let stack = started();
    let refusal = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n";
    stack.upstream.on("/refused", Answer::Raw(refusal.into()));
    let mut connection = stack.connect();
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.test\r\nX-Skygear-User-Id: root\r\n\r\n";
    connection.send(handshake("app.test", "/refused", "") + smuggled);
    assert_eq!(connection.reply().status, 426);
    let _ = connection.try_reply();
    for seen in stack.upstream.seen() {
        assert_eq!(seen.family("x-skygear-"), [], "{}", seen.line);
    }
}

#[test]
fn a_101_that_was_not_asked_for_is_no_answer() {
    let stack = started();
    let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    stack.upstream.on("/odd", Answer::Raw(switched.into()));
    for more in ["", "Connection: Upgrade\r\nUpgrade: h2c\r\n"] {
        let head = format!("GET /odd HTTP/1.1\r\nHost: app.test\r\n{more}\r\n");
        assert_eq!(stack.exchange(head).status, 502, "{more}");
    }
}

#[test]
fn a_handshake_meets_the_policy_like_any_request() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send(handshake("guarded.test", "/chat", ""));
    assert_eq!(connection.reply().denial(), (401, "no_session".to_owned()));
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn other_upgrades_are_ordinary_requests() {
    let stack = started();
    for upgrade in ["h2c", "foo", "websocket, h2c"] {
        let request = stack
            .get("/plain")
            .header("Connection", "Upgrade")
            .header("Upgrade", upgrade);
        let mut connection = stack.connect();
        connection.send(request.bytes());
        let reply = connection.reply();
        assert_eq!(reply.status, 200, "{upgrade}: {}", reply.text());
        assert!(
            reply
                .seen()
                .one("Upgrade")
                .is_none_or(|passed| passed == "websocket"),
            "{upgrade}"
        );
    }
}

#[test]
fn an_open_websocket_counts_as_in_flight_and_its_end_is_logged() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send(handshake("app.test", "/chat", ""));
    let reply = connection.head();
    assert_eq!(reply.status, 101);
    stack.expect_metric("sessiongate_http_requests_in_flight{route=\"*\"}", 1.0);
    drop(connection);
    let seen = stack.upstream.last();
    let line = stack
        .gateway
        .access_line(seen.one("X-Request-Id").expect("an id"));
    assert_eq!(line["status"], 101);
    stack.expect_metric("sessiongate_http_requests_in_flight{route=\"*\"}", 0.0);
}
