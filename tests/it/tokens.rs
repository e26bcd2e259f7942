//! Where tokens stand and how they are read: bearer, cookies, and which of several decides (R11).

use crate::harness::{Stack, sid, stack};
use serde_json::json;

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
  cookie_first: {token: [{cookie: session}, bearer], memory: {seed: seed.yaml}}
  bearer_only: {token: [bearer], memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, sessions: web}
  - {host: cookie-first.test, upstream: 'unix:app.sock', identity: skygear, sessions: cookie_first}
  - {host: bearer-only.test, upstream: 'unix:app.sock', identity: skygear, sessions: bearer_only}
";

fn started() -> Stack {
    stack(CONFIG)
        .seed("token-a", &json!({"v": 1, "user_id": "ada"}))
        .seed("token-b", &json!({"v": 1, "user_id": "bob"}))
        .seed("A-._~+/z9==", &json!({"v": 1, "user_id": "odd"}))
        .start()
}

#[test]
fn a_bearer_token_is_read_as_rfc_6750_and_rfc_9110_say() {
    let stack = started();
    for (authorization, expected) in [
        ("Bearer token-a", "ada valid -"),
        ("bearer token-a", "ada valid -"),
        ("BEARER token-a", "ada valid -"),
        ("Bearer    token-a", "ada valid -"),
        ("Bearer A-._~+/z9==", "odd valid -"),
        ("Bearer token-c", "- invalid unknown"),
        ("Bearer TOKEN-A", "- invalid unknown"),
        ("Bearer", "- invalid malformed"),
        ("Bearer ", "- invalid malformed"),
        ("Bearer\ttoken-a", "- invalid malformed"),
        ("Bearer token-a x", "- invalid malformed"),
        ("Bearer \"token-a\"", "- invalid malformed"),
        ("Bearer token=a=b", "- invalid malformed"),
        ("Bearer ====", "- invalid malformed"),
        ("Bearer t\u{f6}ken", "- invalid malformed"),
        ("Bearer token-a;x", "- invalid malformed"),
        ("Bearer=token-a", "- invalid malformed"),
        ("Basic dG9rZW4tYQ==", "- absent -"),
        ("Digest username=\"token-a\", realm=\"x\"", "- absent -"),
        ("Bearerx token-a", "- absent -"),
        ("token-a", "- absent -"),
        ("", "- absent -"),
    ] {
        let reply = stack.get("/").header("Authorization", authorization).send();
        let seen = format!("{} {}", reply.user(), stack.outcome(&reply));
        assert_eq!(seen, expected, "Authorization: {authorization}");
    }
}

#[test]
fn a_bearer_token_of_more_than_8_kib_never_reaches_the_store() {
    let stack = started();
    let longest = "a".repeat(8 * 1024 - "Bearer ".len());
    assert_eq!(stack.get("/").bearer(&longest).send().user(), "-");
    let reply = stack.get("/").bearer(&format!("{longest}a")).send();
    assert_eq!(reply.denial(), (431, "headers_too_large".to_owned()));
}

#[test]
fn two_authorization_lines_or_a_listed_one_are_400() {
    let stack = started();
    let requests = [
        (
            "two bearers",
            stack.get("/").bearer("token-a").bearer("token-b"),
        ),
        (
            "the same twice",
            stack.get("/").bearer("token-a").bearer("token-a"),
        ),
        (
            "basic and bearer",
            stack
                .get("/")
                .header("Authorization", "Basic dTpw")
                .bearer("token-a"),
        ),
        (
            "listed",
            stack
                .get("/")
                .header("Authorization", "Bearer token-a, Bearer token-b"),
        ),
        (
            "listed without a space",
            stack
                .get("/")
                .header("Authorization", "Bearer token-a,Bearer token-b"),
        ),
    ];
    for (what, request) in requests {
        assert_eq!(
            request.send().denial(),
            (400, "authorization_repeated".to_owned()),
            "{what}"
        );
    }
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn the_order_of_the_sources_decides_and_an_invalid_one_is_never_replaced() {
    let stack = started();
    let both = |host: &str, bearer: &str, cookie: &str| {
        stack
            .get("/")
            .host(host)
            .bearer(bearer)
            .cookie("session", cookie)
            .send()
            .user()
    };
    assert_eq!(both("app.test", "token-a", "token-b"), "ada");
    assert_eq!(both("cookie-first.test", "token-a", "token-b"), "bob");
    assert_eq!(
        both("app.test", "nobody", "token-b"),
        "-",
        "an unknown bearer does not fall back"
    );
    assert_eq!(
        both("cookie-first.test", "token-a", "nobody"),
        "-",
        "nor an unknown cookie"
    );
    assert_eq!(
        both("cookie-first.test", "token-a", ""),
        "-",
        "nor an empty one"
    );
    let malformed = stack
        .get("/")
        .header("Authorization", "Bearer")
        .cookie("session", "token-b")
        .send();
    assert_eq!(malformed.user(), "-", "nor a malformed bearer");
    let basic = stack
        .get("/")
        .header("Authorization", "Basic dTpw")
        .cookie("session", "token-b")
        .send();
    assert_eq!(
        basic.user(),
        "bob",
        "another scheme is no credential of ours"
    );
}

#[test]
fn a_credential_of_a_kind_that_no_source_reads_is_not_there() {
    let stack = started();
    let reply = stack
        .get("/")
        .host("bearer-only.test")
        .cookie("session", "token-a")
        .send();
    assert_eq!(reply.user(), "-");
    assert_eq!(
        reply.seen().one("Cookie"),
        Some("session=token-a"),
        "and is left alone"
    );
}

#[test]
fn a_query_parameter_is_no_credential() {
    let stack = started();
    let reply = stack.get("/?access_token=token-a&session=token-a").send();
    assert_eq!(
        (reply.user(), stack.outcome(&reply)),
        ("-".to_owned(), "absent -".to_owned())
    );
}

#[test]
fn the_log_names_the_source_and_the_session() {
    let stack = started();
    let reply = stack.get("/").bearer("token-a").send();
    let line = stack
        .gateway
        .access_line(reply.header("X-Request-Id").expect("an id"));
    assert_eq!(
        (line["source"].as_str(), line["sid"].as_str()),
        (Some("web"), Some(&*sid("token-a")))
    );
}
