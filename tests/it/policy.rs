//! Who may pass: sessions, roles, verified and disabled users, invalid credentials; and how refusals read (R12).

use crate::harness::{Request, Stack, record, stack};
use serde_json::json;

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {host: optional.test, upstream: 'unix:app.sock', identity: skygear, require: optional}
  - {host: session.test, upstream: 'unix:app.sock', identity: skygear, require: session}
  - {host: lenient.test, upstream: 'unix:app.sock', identity: skygear, require: session, invalid: anonymous}
  - {host: reject.test, upstream: 'unix:app.sock', identity: skygear, invalid: reject}
  - {host: admin.test, upstream: 'unix:app.sock', identity: skygear, require: {roles: [admin, root]}}
  - {host: verified.test, upstream: 'unix:app.sock', identity: skygear, require: {verified: true}}
  - {host: enabled.test, upstream: 'unix:app.sock', identity: skygear, disabled: reject}
  - {host: guard.test, upstream: 'unix:app.sock', identity: none, require: session}
";

fn started() -> Stack {
    let disabled =
        json!({"v": 1, "user_id": "u", "roles": ["admin"], "verified": true, "disabled": true});
    stack(CONFIG)
        .seed("admin", &record("u-admin"))
        .seed(
            "user",
            &json!({"v": 1, "user_id": "u-user", "roles": ["user"], "verified": true}),
        )
        .seed(
            "unverified",
            &json!({"v": 1, "user_id": "u-new", "roles": ["admin"]}),
        )
        .seed("disabled", &disabled)
        .start()
}

#[test]
fn each_rule_lets_pass_whom_it_names_and_nobody_else() {
    let stack = started();
    let cases = [
        ("optional.test", "", "200"),
        ("optional.test", "nobody", "200"),
        ("optional.test", "user", "200"),
        ("session.test", "", "401 no_session"),
        ("session.test", "nobody", "401 invalid_session"),
        ("session.test", "user", "200"),
        ("session.test", "disabled", "200"),
        ("lenient.test", "nobody", "401 invalid_session"),
        ("reject.test", "", "200"),
        ("reject.test", "nobody", "401 invalid_session"),
        ("admin.test", "", "401 no_session"),
        ("admin.test", "nobody", "401 invalid_session"),
        ("admin.test", "user", "403 role_required"),
        ("admin.test", "admin", "200"),
        ("verified.test", "", "401 no_session"),
        ("verified.test", "unverified", "403 unverified"),
        ("verified.test", "user", "200"),
        ("enabled.test", "", "200"),
        ("enabled.test", "disabled", "403 disabled"),
        ("enabled.test", "user", "200"),
        ("guard.test", "", "401 no_session"),
        ("guard.test", "user", "200"),
        ("guard.test", "disabled", "403 disabled"),
    ];
    for (host, token, expected) in cases {
        let mut request = stack.get("/").host(host);
        if !token.is_empty() {
            request = request.bearer(token);
        }
        let before = stack.upstream.count();
        let (status, label) = request.send().denial();
        assert_eq!(
            format!("{status} {label}").trim_end(),
            expected,
            "{host} {token:?}"
        );
        let passed = stack.upstream.count() - before;
        assert_eq!(
            passed,
            usize::from(status == 200),
            "{host} {token:?}: what the upstream heard"
        );
    }
}

#[test]
fn a_preflight_without_a_credential_passes_as_anonymous() {
    let stack = started();
    let preflight = |request: Request<'_>| {
        let request = request
            .host("session.test")
            .header("Origin", "https://a.test");
        request
            .header("Access-Control-Request-Method", "POST")
            .send()
    };
    let reply = preflight(stack.request("OPTIONS", "/"));
    assert_eq!(
        (reply.status, reply.seen().family("x-skygear-")),
        (200, vec![])
    );
    assert_eq!(preflight(stack.get("/")).status, 401, "only OPTIONS is one");
    assert_eq!(
        stack
            .request("OPTIONS", "/")
            .host("session.test")
            .send()
            .status,
        401,
        "and only with its headers"
    );
    let shown = preflight(stack.request("OPTIONS", "/").bearer("nobody"));
    assert_eq!(shown.status, 401, "a credential that is shown counts");
}

#[test]
fn a_refusal_says_why_to_people_and_programs_and_is_never_cached() {
    let stack = started();
    for (request, label, challenge) in [
        (
            stack.get("/").host("session.test"),
            "no_session",
            Some("Bearer"),
        ),
        (
            stack.get("/").host("session.test").bearer("nobody"),
            "invalid_session",
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            stack.get("/").host("admin.test").bearer("user"),
            "role_required",
            None,
        ),
        (stack.get("/").host("elsewhere.test"), "no_route", None),
    ] {
        let reply = request.send();
        assert_eq!(reply.json()["error"], label);
        assert!(
            reply.json()["message"]
                .as_str()
                .is_some_and(|text| text.ends_with('.')),
            "{label}"
        );
        assert_eq!(
            reply.header("Content-Type"),
            Some("application/json"),
            "{label}"
        );
        assert_eq!(reply.header("Cache-Control"), Some("no-store"), "{label}");
        assert_eq!(reply.header("WWW-Authenticate"), challenge, "{label}");
        assert!(reply.header("X-Request-Id").is_some(), "{label}");
        assert!(reply.header("Set-Cookie").is_none(), "{label}");
    }
}

#[test]
fn answers_of_the_upstream_are_its_own() {
    let stack = started();
    let reply = stack.get("/").host("optional.test").send();
    assert_eq!(
        reply.header("Cache-Control"),
        None,
        "only our own answers carry no-store"
    );
}

#[test]
fn a_refusal_of_head_has_no_body() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send("HEAD / HTTP/1.1\r\nHost: session.test\r\n\r\n");
    assert_eq!(connection.reply_to_head().status, 401);
    connection.send("GET / HTTP/1.1\r\nHost: optional.test\r\n\r\n");
    assert_eq!(
        connection.reply().status,
        200,
        "and the connection goes on where the next response begins"
    );
}

#[test]
fn refusals_are_counted_by_route_and_reason_and_told_in_the_log() {
    let stack = started();
    let reply = stack
        .get("/secret?token=1")
        .host("admin.test")
        .bearer("user")
        .send();
    stack.expect_metric(
        "sessiongate_denied_total{reason=\"role_required\",route=\"admin.test\"}",
        1.0,
    );
    let line = stack
        .gateway
        .access_line(reply.header("X-Request-Id").expect("an id"));
    assert_eq!(line["reason"], "role_required");
    assert_eq!(line["outcome"], "valid");
    assert_eq!(line["route"], "admin.test");
    assert_eq!(line["path"], "/secret");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["host"], "admin.test");
    assert_eq!(line["status"], 403);
    assert!(
        line.get("upstream").is_none_or(serde_json::Value::is_null),
        "nobody was asked: {line}"
    );
}
