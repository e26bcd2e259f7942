//! Request heads that Pingora lets pass or that two servers could read in two ways: refused, and nobody hears of them.

use crate::harness::{Stack, bytes, record, stack};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

fn started() -> Stack {
    stack(CONFIG).seed("token-1", &record("u-17")).start()
}

/// Status, what is odd, and the lines of the head, `|` between them.
const ODD_HEADS: [&str; 43] = [
    "400 no host: GET / HTTP/1.1",
    "400 an empty host: GET / HTTP/1.1|Host:",
    "400 two hosts: GET / HTTP/1.1|Host: app.test|Host: app.test",
    "400 user information: GET / HTTP/1.1|Host: a@app.test",
    "400 a host with a path: GET / HTTP/1.1|Host: app.test/x",
    "400 a host list: GET / HTTP/1.1|Host: app.test,evil.test",
    "400 another host in the target: GET http://evil.test/ HTTP/1.1|Host: app.test",
    "400 user information in the target: GET http://a@app.test/ HTTP/1.1|Host: app.test",
    "400 another scheme: GET ftp://app.test/ HTTP/1.1|Host: app.test",
    "400 a relative target: GET x HTTP/1.1|Host: app.test",
    "400 an at-sign target: GET @evil.test/ HTTP/1.1|Host: app.test",
    "400 a star for GET: GET * HTTP/1.1|Host: app.test",
    "400 two spaces: GET  / HTTP/1.1|Host: app.test",
    "400 a tab in the target: GET /a\tb HTTP/1.1|Host: app.test",
    "400 no target: GET HTTP/1.1|Host: app.test",
    "400 no version: GET /|Host: app.test",
    "400 another version: GET / HTTP/3.0|Host: app.test",
    "400 an http/2 line: PRI * HTTP/2.0|Host: app.test",
    "405 TRACE: TRACE / HTTP/1.1|Host: app.test",
    "405 CONNECT: CONNECT app.test:80 HTTP/1.1|Host: app.test:80",
    "501 a lower-case method: get / HTTP/1.1|Host: app.test",
    "501 an unknown method: BREW / HTTP/1.1|Host: app.test",
    "400 a space before the colon: GET / HTTP/1.1|Host: app.test|X : 1",
    "400 a space in a name: GET / HTTP/1.1|Host: app.test|X Y: 1",
    "400 an empty name: GET / HTTP/1.1|Host: app.test|: 1",
    "400 a folded line: GET / HTTP/1.1|Host: app.test|X: 1| 2",
    "400 a NUL in a value: GET / HTTP/1.1|Host: app.test|X: a\0b",
    "400 a bare CR in a value: GET / HTTP/1.1|Host: app.test|X: a\rb",
    "400 a name outside ASCII: GET / HTTP/1.1|Host: app.test|X\u{e4}: 1",
    "400 two lengths: POST / HTTP/1.1|Host: app.test|Content-Length: 4|Content-Length: 5",
    "400 the same length twice: POST / HTTP/1.1|Host: app.test|Content-Length: 4|Content-Length: 4",
    "400 a listed length: POST / HTTP/1.1|Host: app.test|Content-Length: 4, 4",
    "400 a signed length: POST / HTTP/1.1|Host: app.test|Content-Length: +4",
    "400 a negative length: POST / HTTP/1.1|Host: app.test|Content-Length: -4",
    "400 a hexadecimal length: POST / HTTP/1.1|Host: app.test|Content-Length: 0x4",
    "400 an empty length: POST / HTTP/1.1|Host: app.test|Content-Length:",
    "400 a huge length: POST / HTTP/1.1|Host: app.test|Content-Length: 99999999999999999999",
    "400 gzip and chunks: POST / HTTP/1.1|Host: app.test|Transfer-Encoding: gzip, chunked",
    "400 chunked twice: POST / HTTP/1.1|Host: app.test|Transfer-Encoding: chunked, chunked",
    "400 two codings: POST / HTTP/1.1|Host: app.test|Transfer-Encoding: chunked|Transfer-Encoding: identity",
    "400 an unknown coding: POST / HTTP/1.1|Host: app.test|Transfer-Encoding: xchunked",
    "400 chunks in HTTP/1.0: POST / HTTP/1.0|Host: app.test|Transfer-Encoding: chunked",
    "417 another expectation: GET / HTTP/1.1|Host: app.test|Expect: 200-ok",
];

#[test]
fn odd_heads_are_refused_and_the_upstream_hears_nothing() {
    let stack = started();
    for row in ODD_HEADS {
        let (case, head) = row.split_once(": ").expect("a case and its head");
        let mut connection = stack.connect();
        connection.send(bytes(&(head.replace('|', "\r\n") + "\r\n\r\n")));
        let reply = connection.try_reply();
        let reply = reply.unwrap_or_else(|fault| panic!("{case}: {fault}"));
        assert!(
            case.starts_with(&reply.status.to_string()),
            "{case}: {}",
            reply.text()
        );
        assert_eq!(
            stack.upstream.count(),
            0,
            "{case}: the upstream heard of it"
        );
    }
}

#[test]
fn a_long_target_is_414() {
    let stack = started();
    let reply = stack.get(&format!("/{}", "a".repeat(16 * 1024))).send();
    assert_eq!(reply.denial(), (414, "target_too_long".to_owned()));
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn too_many_or_too_large_headers_are_431() {
    let yaml = format!("client: {{max_header: 8KiB, max_headers: 20}}{CONFIG}");
    let stack = stack(&yaml).seed("token-1", &record("u")).start();
    let many = (0..21).fold(stack.get("/"), |request, index| {
        request.header(&format!("X-{index}"), "1")
    });
    assert_eq!(many.send().denial(), (431, "too_many_headers".to_owned()));
    assert_eq!(
        stack
            .get("/")
            .header("X", &"a".repeat(9 * 1024))
            .send()
            .denial(),
        (431, "headers_too_large".to_owned())
    );
    assert_eq!(stack.upstream.count(), 0);
    assert_eq!(
        stack
            .get("/")
            .header("X", &"a".repeat(7 * 1024))
            .send()
            .status,
        200
    );
}
