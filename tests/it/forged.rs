//! R1: no byte of a reserved header from a client reaches any upstream, in any spelling, on any path.

use crate::harness::{Answer, Stack, record, stack};
use serde_json::json;

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
upstreams:
  pair: {servers: ['unix:away.sock', 'unix:app.sock']}
routes:
  - {name: skygear, upstream: 'unix:app.sock', identity: skygear}
  - {name: hasura, host: hasura.test, upstream: 'unix:app.sock', identity: hasura}
  - {name: none, host: none.test, upstream: 'unix:app.sock', identity: none}
  - {name: custom, host: custom.test, upstream: 'unix:app.sock', identity: {headers: {X-User: '{user.id}'}}}
  - {name: pass, host: pass.test, upstream: 'unix:app.sock', identity: none, underscores: pass}
  - {name: retried, host: retried.test, upstream: pair, identity: skygear}
  - {name: denied, host: denied.test, upstream: 'unix:app.sock', identity: skygear, require: session}
";

/// Every way of writing a name that some server takes for a reserved one.
const SPELLINGS: [&str; 20] = [
    "x-skygear-user-id",
    "X-SKYGEAR-USER-ID",
    "x_skygear_user_id",
    "X_Skygear-User_Id",
    "x.skygear.user.id",
    "x~skygear~user~id",
    "x%skygear%user%id",
    "x+skygear+user+id",
    "x-skygear-is-master-key",
    "X-Hasura-Admin-Secret",
    "x-hasura-user-id",
    "X_HASURA_USER_ID",
    "x.hasura.role",
    "x-authgear-user-id",
    "X_Authgear_Session_Valid",
    "x-skygear-",
    "X-User",
    "x_user",
    "x.user",
    "x`user",
];

const MARK: &str = "f0rged";

fn started() -> Stack {
    let mut plain = record("u-17");
    plain["authenticator"] = json!(null);
    plain
        .as_object_mut()
        .expect("a record")
        .remove("authenticator");
    stack(CONFIG).seed("token-1", &plain).start()
}

/// No header, no trailer and no body of anything the upstream saw holds the mark.
#[track_caller]
fn assert_unmarked(stack: &Stack, what: &str) {
    for seen in stack.upstream.seen() {
        let lines = seen.headers.iter().chain(&seen.trailers);
        let marked: Vec<_> = lines
            .filter(|(name, value)| value.contains(MARK) || name.contains(MARK))
            .collect();
        assert!(marked.is_empty(), "{what}: {marked:?}");
    }
}

#[test]
fn no_spelling_passes_on_any_route_with_any_credential() {
    let stack = started();
    for host in [
        "app.test",
        "hasura.test",
        "none.test",
        "custom.test",
        "pass.test",
        "retried.test",
    ] {
        for credential in ["", "token-1"] {
            for name in SPELLINGS {
                let mut request = stack.get("/").host(host).header(name, MARK);
                if !credential.is_empty() {
                    request = request.bearer(credential);
                }
                let reply = request.send();
                assert!(
                    [200, 403].contains(&reply.status),
                    "{host} {credential} {name}: {}",
                    reply.status
                );
            }
        }
    }
    assert_unmarked(&stack, "every spelling");
}

#[test]
fn two_hundred_copies_before_and_after_are_all_removed_and_one_is_written() {
    let stack = stack(&format!("client: {{max_headers: 250}}{CONFIG}"))
        .seed("token-1", &record("u-17"))
        .start();
    let mut request = stack.get("/");
    for _ in 0..100 {
        request = request.header("x-skygear-user-id", MARK);
    }
    request = request.bearer("token-1");
    for _ in 0..100 {
        request = request.header("X-Skygear-User-ID", MARK);
    }
    assert_eq!(request.send().seen().all("x-skygear-user-id"), ["u-17"]);
    assert_unmarked(&stack, "copies");
    stack.expect_metric("sessiongate_forged_headers_total{route=\"skygear\"}", 200.0);
}

#[test]
fn a_header_that_this_session_does_not_have_is_not_filled_in_by_the_client() {
    let stack = started();
    let names = ["id", "type", "oob-channel", "updated-at"]
        .map(|end| format!("x-skygear-session-authenticator-{end}"));
    let mut request = stack.get("/").bearer("token-1");
    for name in &names {
        request = request.header(name, MARK);
    }
    let seen = request.send().seen();
    for name in &names {
        assert_eq!(seen.one(name), None, "{name}");
    }
    assert_eq!(seen.one("x-skygear-user-id"), Some("u-17"));
}

#[test]
fn connection_cannot_nominate_our_headers_away() {
    let stack = started();
    for nominated in [
        "x-skygear-user-id",
        "close, X-Skygear-User-Disabled",
        "x-skygear-user-id, host-x, cookie",
    ] {
        let reply = stack
            .get("/")
            .bearer("token-1")
            .header("Connection", nominated)
            .send();
        let seen = reply.seen();
        assert_eq!(seen.one("x-skygear-user-id"), Some("u-17"), "{nominated}");
        assert_eq!(
            seen.one("x-skygear-user-disabled"),
            Some("false"),
            "{nominated}"
        );
        assert_eq!(seen.one("Connection"), None, "{nominated}");
        assert_eq!(seen.one("X-Forwarded-Proto"), Some("http"), "{nominated}");
    }
}

#[test]
fn connection_cannot_nominate_a_forged_header_into_being() {
    let stack = started();
    let request = stack
        .get("/")
        .header("X-Skygear-User-Id", MARK)
        .header("Connection", "x-skygear-user-id");
    assert_eq!(request.send().seen().family("x-skygear-"), []);
    assert_unmarked(&stack, "nominated");
}

#[test]
fn trailers_do_not_carry_an_identity() {
    let stack = started();
    let request = "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Skygear-User-Id\r\n\r\n\
        3\r\nabc\r\n0\r\nX-Skygear-User-Id: f0rged\r\nX-Hasura-Role: f0rged\r\n\r\n";
    let reply = stack.exchange(request);
    assert_eq!((reply.status, reply.seen().body), (200, b"abc".to_vec()));
    assert_unmarked(&stack, "trailers");
}

#[test]
fn a_retried_request_is_stripped_and_told_on_each_attempt() {
    let stack = started();
    for _ in 0..4 {
        let request = stack
            .get("/")
            .host("retried.test")
            .bearer("token-1")
            .header("x_skygear_user_id", MARK);
        assert_eq!(
            request.send().seen().family("x-skygear-user-id"),
            [("x-skygear-user-id".to_owned(), "u-17".to_owned())]
        );
    }
    assert_unmarked(&stack, "retried");
    stack.expect_metric("sessiongate_forged_headers_total{route=\"retried\"}", 4.0);
}

#[test]
fn a_websocket_handshake_is_stripped_and_told_like_any_other() {
    let stack = started();
    stack.upstream.on("/chat", Answer::WebSocket);
    let handshake = "GET /chat HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade, x-skygear-user-id\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Authorization: Bearer token-1\r\nX_Skygear_User_Id: f0rged\r\n\r\n";
    assert_eq!(stack.connect().send(handshake).head().status, 101);
    assert_eq!(stack.upstream.last().all("x-skygear-user-id"), ["u-17"]);
    assert_unmarked(&stack, "websocket");
}

#[test]
fn removals_are_counted_also_where_nothing_is_forwarded() {
    let stack = started();
    let forged = |host: &str| {
        stack
            .get("/")
            .host(host)
            .header("X-Hasura-Role", MARK)
            .header("x.user", MARK)
            .send()
    };
    assert_eq!(forged("none.test").status, 200);
    assert_eq!(forged("denied.test").status, 401);
    for route in ["none", "denied"] {
        let metric = format!("sessiongate_forged_headers_total{{route=\"{route}\"}}");
        stack.expect_metric(&metric, 2.0);
    }
}

#[test]
fn names_with_an_underscore_are_dropped_unless_the_route_passes_them() {
    let stack = started();
    let sent = |host: &str| {
        stack
            .get("/")
            .host(host)
            .header("x_trace", "1")
            .header("Content_Length", "5")
            .send()
            .seen()
    };
    assert_eq!(sent("app.test").one("x_trace"), None);
    assert_eq!(sent("pass.test").one("x_trace"), Some("1"));
    for host in ["app.test", "pass.test"] {
        assert_eq!(sent(host).one("Content_Length"), None, "{host}");
    }
}

#[test]
fn ordinary_headers_pass_in_their_order() {
    let stack = started();
    let sent = [
        ("X-Skygears", "1"),
        ("Accept", "*/*"),
        ("x-trace", "2"),
        ("X-UsEr-Id", "3"),
        ("X-Skygear", "4"),
    ];
    let request = sent.iter().fold(stack.get("/"), |request, (name, value)| {
        request.header(name, value)
    });
    let seen = request.send().seen();
    let kept: Vec<_> = seen
        .headers
        .iter()
        .filter(|(name, _)| sent.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)))
        .collect();
    let expected: Vec<_> = sent
        .iter()
        .map(|(name, value)| (name.to_lowercase(), (*value).to_owned()))
        .collect();
    assert_eq!(kept, expected.iter().collect::<Vec<_>>());
}
