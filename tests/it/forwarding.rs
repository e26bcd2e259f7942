//! What the upstream is told about the client and the request: forwarding headers, request id, one Host.

use crate::harness::{Connection, Reply, Stack, free_port, record, stack};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

/// Over TCP, where a client has an address.
fn over_tcp(trusted: &str) -> (Stack, u16) {
    let port = free_port();
    let yaml = format!("{trusted}{CONFIG}");
    let stack = stack(&yaml)
        .listen(&format!("127.0.0.1:{port}"))
        .seed("token-1", &record("u-17"))
        .start();
    (stack, port)
}

fn ask(port: u16, headers: &str) -> Reply {
    let mut connection = Connection::tcp(port).expect("the gateway listens");
    connection
        .send(format!(
            "GET /x?q=1 HTTP/1.1\r\nHost: App.Test:8080\r\n{headers}\r\n"
        ))
        .reply()
}

#[test]
fn the_upstream_learns_who_asks_and_for_what() {
    let (_stack, port) = over_tcp("");
    let seen = ask(port, "").seen();
    assert_eq!(seen.one("X-Forwarded-For"), Some("127.0.0.1"));
    assert_eq!(seen.one("X-Forwarded-Proto"), Some("http"));
    assert_eq!(seen.one("X-Forwarded-Host"), Some("app.test:8080"));
    assert_eq!(seen.one("Host"), Some("app.test:8080"));
    assert_eq!(seen.target(), "/x?q=1");
}

const CLAIMS: &str = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\n\
    X-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /evil\r\nForwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\n\
    X-Original-URL: /evil\r\nX-Rewrite-URL: /evil\r\nX-Request-Id: from-outside\r\n";

#[test]
fn what_an_unknown_client_claims_is_not_believed() {
    let (stack, port) = over_tcp("trusted_proxies: [10.0.0.0/8]\n");
    let reply = ask(port, CLAIMS);
    let seen = reply.seen();
    assert_eq!(seen.one("X-Forwarded-For"), Some("127.0.0.1"));
    assert_eq!(seen.one("X-Forwarded-Proto"), Some("http"));
    assert_eq!(seen.one("X-Forwarded-Host"), Some("app.test:8080"));
    for name in [
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "Forwarded",
        "X-Real-IP",
        "X-Original-URL",
        "X-Rewrite-URL",
    ] {
        assert_eq!(seen.one(name), None, "{name}");
    }
    let id = reply.header("X-Request-Id").expect("an id");
    assert_ne!(id, "from-outside");
    assert_eq!(seen.one("X-Request-Id"), Some(id));
    assert_eq!(stack.gateway.access_line(id)["client"], "127.0.0.1");
}

#[test]
fn what_an_unknown_client_claims_with_underscores_is_not_believed_either() {
    let port = free_port();
    let yaml = CONFIG.replace("skygear}", "skygear, underscores: pass}");
    let _stack = stack(&yaml)
        .listen(&format!("127.0.0.1:{port}"))
        .seed("token-1", &record("u-17"))
        .start();
    let seen = ask(
        port,
        &(CLAIMS.replace('-', "_")
            + "Content_Length: 5\r\nTransfer_Encoding: chunked\r\nSome_Thing: 1\r\n"),
    )
    .seen();
    assert_eq!(seen.one("Some_Thing"), Some("1"));
    let claimed = CLAIMS.lines().filter_map(|line| line.split(':').next());
    for name in claimed.chain(["Content-Length", "Transfer-Encoding"]) {
        let name = name.replace('-', "_");
        assert_eq!(seen.one(&name), None, "{name}");
    }
}

#[test]
fn a_query_reaches_the_upstream_as_it_came_in_ascii() {
    let stack = stack(CONFIG).seed("token-1", &record("u-17")).start();
    let cases = [
        ("/x?q=a%2fb&q=../|", "/x?q=a%2fb&q=../|"),
        ("/x?q=\u{e9}\u{80}&r", "/x?q=%C3%A9%C2%80&r"),
        ("/\u{e9}?\u{e9}=1", "/%C3%A9?%C3%A9=1"),
        ("http://app.test/?q=\u{e9}", "/?q=%C3%A9"),
    ];
    for (shown, forwarded) in cases {
        let reply = stack.exchange(format!("GET {shown} HTTP/1.1\r\nHost: app.test\r\n\r\n"));
        assert_eq!(reply.seen().target(), forwarded, "{shown}");
    }
}

#[test]
fn what_a_trusted_proxy_says_is_kept_and_added_to() {
    let (stack, port) = over_tcp("trusted_proxies: [127.0.0.0/8]\n");
    let reply = ask(
        port,
        "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: www.test\r\nX-Request-Id: from-outside\r\n",
    );
    let seen = reply.seen();
    assert_eq!(
        seen.one("X-Forwarded-For"),
        Some("198.51.100.7, 203.0.113.9, 127.0.0.1")
    );
    assert_eq!(seen.one("X-Forwarded-Proto"), Some("https"));
    assert_eq!(seen.one("X-Forwarded-Host"), Some("www.test"));
    assert_eq!(
        (reply.header("X-Request-Id"), seen.one("X-Request-Id")),
        (Some("from-outside"), Some("from-outside"))
    );
    let line = stack.gateway.access_line("from-outside");
    assert_eq!(
        line["client"], "203.0.113.9",
        "the last hop that is not trusted"
    );
}

#[test]
fn an_id_of_a_trusted_proxy_that_is_not_sound_is_replaced() {
    let (_stack, port) = over_tcp("trusted_proxies: [127.0.0.1]\n");
    let long = "x".repeat(129);
    for id in ["", "a b", "\u{1}", "\u{e4}", &long] {
        let mut connection = Connection::tcp(port).expect("the gateway listens");
        let head = format!("GET / HTTP/1.1\r\nHost: app.test\r\nX-Request-Id: {id}\r\n\r\n");
        let reply = connection.send(head).reply();
        if reply.status == 200 {
            let given = reply.header("X-Request-Id").unwrap_or_default();
            assert!(given != id && given.len() == 32, "{id:?} became {given:?}");
        }
    }
}

#[test]
fn no_claim_of_the_client_changes_the_route_or_the_identity() {
    let (stack, port) = over_tcp("");
    let reply = ask(port, &format!("{CLAIMS}User-Agent: GoogleHC/1.0\r\n"));
    assert_eq!(reply.seen().family("x-skygear-"), []);
    assert_eq!(stack.upstream.last().target(), "/x?q=1");
}

#[test]
fn ids_differ_from_request_to_request() {
    let (_stack, port) = over_tcp("");
    let id = || {
        ask(port, "")
            .header("X-Request-Id")
            .unwrap_or_default()
            .to_owned()
    };
    let (one, other) = (id(), id());
    assert!(
        one != other && one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{one} {other}"
    );
}

#[test]
fn over_a_unix_socket_there_is_no_address_to_add() {
    let stack = stack(CONFIG).seed("token-1", &record("u-17")).start();
    let seen = stack.get("/").send().seen();
    assert_eq!(seen.one("X-Forwarded-Proto"), Some("http"));
    assert_eq!(seen.one("X-Forwarded-Host"), Some("app.test"));
    assert!(
        seen.one("X-Forwarded-For")
            .is_none_or(|hops| !hops.contains("127.0.0.1"))
    );
}
