//! Session cookies as browsers really send them, and cookie tossing (R11).

use crate::harness::{Request, Stack, stack};
use serde_json::json;

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
  own_name: {token: [{cookie: __Host-sid}], memory: {seed: seed.yaml}}
  first: {token: [{cookie: {name: session, duplicates: first}}], memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, sessions: web}
  - {host: own-name.test, upstream: 'unix:app.sock', identity: skygear, sessions: own_name}
  - {host: first.test, upstream: 'unix:app.sock', identity: skygear, sessions: first}
";

fn started() -> Stack {
    stack(CONFIG)
        .seed("token-a", &json!({"v": 1, "user_id": "ada"}))
        .seed("token-b", &json!({"v": 1, "user_id": "bob"}))
        .seed("A-._~+/z9==", &json!({"v": 1, "user_id": "odd"}))
        .start()
}

#[test]
fn a_cookie_is_found_as_browsers_really_send_it() {
    let stack = started();
    for (cookie, expected) in [
        ("session=token-a", "ada valid -"),
        ("a=b; session=token-a; c=d", "ada valid -"),
        ("a=b;session=token-a;c=d", "ada valid -"),
        ("a=b;\tsession = token-a ; c", "ada valid -"),
        ("session=\"token-a\"", "ada valid -"),
        ("session=A-._~+/z9==", "odd valid -"),
        ("a=\"x; session=token-a", "ada valid -"),
        ("a=b, session=token-b; session=token-a", "ada valid -"),
        ("\u{e4}=\u{ff}; session=token-a", "ada valid -"),
        ("$Version=1; session=token-a; $Path=/", "ada valid -"),
        (";;; ;session=token-a;;", "ada valid -"),
        ("a={\"x\":1}; session=token-a", "ada valid -"),
        ("session=token-a; session=token-a", "ada valid -"),
        ("session=token-a; session=\"token-a\"", "ada valid -"),
        ("session=token-c", "- invalid unknown"),
        ("session=", "- invalid malformed"),
        ("session=\"\"", "- invalid malformed"),
        ("session=token a", "- invalid malformed"),
        ("session=token,a", "- invalid malformed"),
        ("session=t\u{f6}ken", "- invalid malformed"),
        ("session=token-a; session=token-b", "- invalid ambiguous"),
        ("session=; session=token-a", "- invalid ambiguous"),
        ("Session=token-a", "- absent -"),
        ("xsession=token-a", "- absent -"),
        ("session", "- absent -"),
        ("a=session=token-a", "- absent -"),
        ("__Host-session=token-a", "- absent -"),
        ("", "- absent -"),
    ] {
        let reply = stack.get("/").header("Cookie", cookie).send();
        let seen = format!("{} {}", reply.user(), stack.outcome(&reply));
        assert_eq!(seen, expected, "Cookie: {cookie}");
    }
}

#[test]
fn several_cookie_lines_are_one_cookie_header() {
    let stack = started();
    let reply = stack
        .get("/")
        .cookie("a", "1")
        .cookie("session", "token-a")
        .cookie("b", "2")
        .send();
    assert_eq!(reply.user(), "ada");
    assert_eq!(
        reply.seen().all("cookie"),
        ["a=1; b=2"],
        "joined, our pair taken out"
    );
    let tossed = stack
        .get("/")
        .cookie("session", "token-a")
        .cookie("session", "token-b")
        .send();
    assert_eq!(
        stack.outcome(&tossed),
        "invalid ambiguous",
        "also over lines"
    );
}

#[test]
fn a_source_may_take_the_first_of_different_values() {
    let stack = started();
    let tossed = |request: Request<'_>| request.host("first.test").send().user();
    assert_eq!(
        tossed(
            stack
                .get("/")
                .header("Cookie", "session=token-b; session=token-a")
        ),
        "bob"
    );
    assert_eq!(
        tossed(
            stack
                .get("/")
                .cookie("session", "token-a")
                .cookie("session", "token-b")
        ),
        "ada"
    );
}

#[test]
fn a_cookie_with_a_prefix_is_not_found_without_it() {
    let stack = started();
    let sent = |name| {
        stack
            .get("/")
            .host("own-name.test")
            .cookie(name, "token-a")
            .send()
            .user()
    };
    assert_eq!(sent("__Host-sid"), "ada");
    for name in ["sid", "__Secure-sid", "__host-sid", "session"] {
        assert_eq!(sent(name), "-", "{name}");
    }
}
