//! `explain` says what the running gateway does: the same verdict, and the very lines that the upstream receives.

use crate::harness::{Connection, Reply, Stack, free_port, hs256, record, seconds_from_now, stack};
use serde_json::{Value, json};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
  kept: {token: [{cookie: kept}], key: 'kept:{token}', redis: '${REDIS}'}
routes:
  - {name: sky, upstream: 'unix:app.sock', identity: skygear}
  - {name: data, host: data.test, upstream: 'unix:app.sock', identity: {profile: hasura, allowed_roles: true}}
  - {name: strict, host: data.test, path: /strict/*, upstream: 'unix:app.sock', identity: {profile: hasura, anonymous_role_request: reject}}
  - {name: auth, host: auth.test, upstream: 'unix:app.sock', identity: authgear, credentials: keep}
  - {name: both, host: both.test, upstream: 'unix:app.sock', identity: [skygear, hasura]}
  - {name: own, host: own.test, upstream: 'unix:app.sock', identity: {headers: {X-User: '{user.id}', X-Email: '{attrs.email}', X-Nick: '{attrs.nick}'}}}
  - {name: none, host: none.test, upstream: 'unix:app.sock', underscores: pass}
  - {name: members, host: members.test, upstream: 'unix:app.sock', identity: skygear, require: {roles: [admin], verified: true}, disabled: reject}
";

/// Host, target, and the header lines after `Host`, with `|` between them.
type Case = (&'static str, &'static str, &'static str);

const PASSING: [Case; 26] = [
    ("app.test", "/", ""),
    ("app.test", "/a/b?q=1", "Authorization: Bearer full"),
    ("app.test", "/", "Authorization: bearer bare"),
    ("app.test", "/", "Authorization: Bearer nobody"),
    ("app.test", "/", "Authorization: Bearer a b"),
    ("app.test", "/", "Authorization: Basic dTpw"),
    ("app.test", "/", "Authorization: Bearer disabled"),
    ("app.test", "/", "Cookie: a=1; session=full; b=2"),
    ("app.test", "/", "Cookie: session=full"),
    ("app.test", "/", "Cookie: session=full; session=other"),
    ("app.test", "/", "Cookie: kept=in-redis; a=1"),
    (
        "app.test",
        "/",
        "Authorization: Bearer full|x-skygear-user-id: root|X_Skygear_User_Id: root",
    ),
    (
        "app.test",
        "/",
        "X-Hasura-Role: admin|x-authgear-session-valid: true|x_other: 1",
    ),
    (
        "app.test",
        "/",
        "X-Forwarded-For: 6.6.6.6|Forwarded: for=6.6.6.6|X-Forwarded-Host: evil.test|X-Real-IP: 6.6.6.6",
    ),
    ("APP.test:8080", "/a/./b/../c?x=%2e", ""),
    ("app.test", "/%61%7e", "Accept: */*|Accept: text/html"),
    ("data.test", "/", ""),
    ("data.test", "/", "X-Hasura-Role: admin"),
    ("data.test", "/", "Authorization: Bearer full"),
    (
        "data.test",
        "/",
        "Authorization: Bearer full|X-Hasura-Role: admin|X-Hasura-User-Id: root",
    ),
    ("data.test", "/", "Authorization: Bearer bare"),
    ("auth.test", "/", "Authorization: Bearer full"),
    ("auth.test", "/", "Authorization: Bearer nobody"),
    (
        "both.test",
        "/",
        "Authorization: Bearer full|X-Hasura-Role: admin",
    ),
    (
        "own.test",
        "/",
        "Authorization: Bearer full|X-User: root|X-Nick: root",
    ),
    (
        "none.test",
        "/",
        "Authorization: Bearer full|x_other: 1|x_hasura_role: admin",
    ),
];

const REFUSED: [Case; 15] = [
    ("data.test", "/", "Authorization: Bearer nobody"),
    (
        "data.test",
        "/",
        "Authorization: Bearer full|X-Hasura-Role: root",
    ),
    (
        "data.test",
        "/",
        "Authorization: Bearer full|X-Hasura-Role: user|X-Hasura-Role: admin",
    ),
    ("data.test", "/", "Authorization: Bearer disabled"),
    ("data.test", "/strict/x", "X-Hasura-Role: admin"),
    ("members.test", "/", ""),
    ("members.test", "/", "Authorization: Bearer nobody"),
    ("members.test", "/", "Authorization: Bearer bare"),
    ("members.test", "/", "Authorization: Bearer disabled"),
    (
        "app.test",
        "/",
        "Authorization: Bearer full|Authorization: Bearer full",
    ),
    ("app.test", "/", "Cookie: kept=broken"),
    ("app.test", "/a%2fb", ""),
    ("app.test", "/a/..;/b", ""),
    ("bad host", "/", ""),
    ("app.test", "/", "Content-Length: 999999999"),
];

/// The gateway on TCP too: `explain` describes a caller on the loopback address.
fn started() -> (Stack, u16) {
    let port = free_port();
    let mut disabled = record("u-off");
    disabled["disabled"] = json!(true);
    let stack = stack(CONFIG)
        .redis()
        .listen(&format!("[unix:gate.sock, '127.0.0.1:{port}']"))
        .seed("full", &record("u-17"))
        .seed("bare", &json!({"v": 1, "user_id": "u-bare"}))
        .seed("disabled", &disabled)
        .start();
    let in_redis = record("u-redis").to_string();
    stack.redis().command(&["SET", "kept:in-redis", &in_redis]);
    stack.redis().command(&["SET", "kept:broken", "{}"]);
    (stack, port)
}

/// The header lines of a case.
fn split(lines: &'static str) -> impl Iterator<Item = &'static str> {
    lines.split('|').filter(|line| !line.is_empty())
}

/// The request as it is sent to the running gateway.
fn send(stack: &Stack, port: u16, (host, target, lines): Case) -> Reply {
    let request = stack.get(target).host(host);
    let request = split(lines).fold(request, |request, line| request.line(line));
    let mut connection = Connection::tcp(port).expect("the gateway listens");
    connection.send(request.bytes()).reply()
}

/// The same request, explained.
fn explain(stack: &Stack, case: Case) -> Value {
    explain_with(stack, case, &[])
}

/// The same, with further options.
fn explain_with(stack: &Stack, (host, target, lines): Case, options: &[&'static str]) -> Value {
    let mut words = vec![
        "explain",
        "-c",
        "gate.yaml",
        "--json",
        "--host",
        host,
        "--path",
        target,
    ];
    words.extend(options);
    split(lines).for_each(|line| words.extend(["-H", line]));
    let output = stack.command(&words);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{host} {target} {lines:?}: {told}"
    );
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

/// Names in lower case, sorted; the request id is another one each time.
fn comparable(lines: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let lower = lines.map(|(name, value)| (name.to_lowercase(), value));
    let mut lines: Vec<_> = lower.filter(|(name, _)| name != "x-request-id").collect();
    lines.sort();
    lines
}

fn explained_lines(explained: &Value) -> Vec<(String, String)> {
    let lines: Vec<(String, String)> =
        serde_json::from_value(explained["upstream_headers"].clone()).unwrap_or_default();
    comparable(lines.into_iter())
}

fn received_lines(reply: &Reply) -> Vec<(String, String)> {
    comparable(reply.seen().headers.into_iter())
}

#[test]
fn what_is_explained_is_what_the_upstream_receives() {
    let (stack, port) = started();
    for case in PASSING {
        let reply = send(&stack, port, case);
        assert_eq!(reply.status, 200, "{case:?}: {}", reply.text());
        let explained = explain(&stack, case);
        assert_eq!(explained["status"], Value::Null, "{case:?}: {explained:#}");
        assert_eq!(
            explained_lines(&explained),
            received_lines(&reply),
            "{case:?}"
        );
    }
}

#[test]
fn a_running_node_explains_as_the_command_line_does() {
    let (stack, _) = started();
    for case in PASSING.into_iter().chain(REFUSED) {
        let mut offline = explain(&stack, case);
        let mut live = explain_with(&stack, case, &["--live"]);
        assert_eq!(
            explained_lines(&live),
            explained_lines(&offline),
            "{case:?}"
        );
        // Which tier answered, and the request id.
        for explained in [&mut offline, &mut live] {
            explained["tier"] = Value::Null;
            explained["upstream_headers"] = Value::Null;
        }
        assert_eq!(live, offline, "{case:?}");
    }
    let known = ("app.test", "/", "Authorization: Bearer full");
    assert_eq!(
        explain_with(&stack, known, &["--live"])["tier"],
        json!("memory")
    );
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn a_refusal_is_explained_with_its_status_and_reason_and_no_headers() {
    let (stack, port) = started();
    for case in REFUSED {
        let reply = send(&stack, port, case);
        let explained = explain(&stack, case);
        let told = (explained["status"].as_u64(), explained["reason"].as_str());
        let (status, reason) = reply.denial();
        assert_eq!(
            told,
            (Some(status.into()), Some(&*reason)),
            "{case:?}: {explained:#}"
        );
        assert_eq!(explained["upstream_headers"], Value::Null, "{case:?}");
    }
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn outcome_route_source_and_sid_are_those_of_the_access_log() {
    let (stack, port) = started();
    for case in PASSING.into_iter().chain(REFUSED) {
        let reply = send(&stack, port, case);
        let line = stack
            .gateway
            .access_line(reply.header("X-Request-Id").expect("an id"));
        let explained = explain(&stack, case);
        for key in ["outcome", "source", "sid", "reason"] {
            assert_eq!(explained[key], line[key], "{key} of {case:?}: {line}");
        }
        let route = explained["route"].as_str().unwrap_or("none");
        assert_eq!(Some(route), line["route"].as_str(), "{case:?}");
    }
}

#[test]
fn the_text_walks_the_same_steps_and_never_shows_the_token() {
    let (stack, _) = started();
    let said = |words: &[&str]| {
        let head = ["explain", "-c", "gate.yaml", "--host", "data.test"];
        let output = stack.command(&[&head, words].concat());
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).expect("text")
    };
    let valid = said(&[
        "--token",
        "full",
        "-H",
        "X-Hasura-Role: admin",
        "-H",
        "x-hasura-user-id: root",
    ]);
    for part in [
        "data",
        "web",
        "valid",
        "passes",
        "x-hasura-user-id: u-17",
        "x-hasura-role: admin",
        "reserved",
    ] {
        assert!(valid.contains(part), "{part} in\n{valid}");
    }
    assert!(
        !valid.contains("Bearer") && !valid.contains("root"),
        "{valid}"
    );
    let refused = said(&["--token", "nobody"]);
    assert!(refused.contains("401 invalid_session"), "{refused}");
    assert!(
        !refused.contains("would receive") && !refused.contains("nobody"),
        "{refused}"
    );
}

#[test]
fn a_store_that_is_away_is_explained_as_such() {
    let (mut stack, _) = started();
    stack.redis_mut().kill();
    let explained = explain(&stack, ("app.test", "/", "Cookie: kept=in-redis"));
    let told = (
        explained["outcome"].as_str(),
        explained["status"].as_u64(),
        explained["reason"].as_str(),
    );
    assert_eq!(
        told,
        (Some("error"), Some(503), Some("store_down")),
        "{explained:#}"
    );
}

#[test]
fn what_exactly_is_wrong_with_a_credential_is_told_and_quotes_nothing_of_it() {
    let secret = "a secret of thirty-two bytes and more";
    let yaml = "
sessions:
  signed: {token: [bearer], jwt: {algorithms: [HS256], secret: {env: JWT_KEY}, audience: [data]}}
  ours: {token: [{cookie: session}], memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
  - {host: strict.test, upstream: 'unix:app.sock', identity: hasura}
";
    let stack = stack(yaml)
        .env("JWT_KEY", secret)
        .seed("full", &record("u-17"))
        .start();
    let token = |claims: Value| hs256(&claims, secret);
    let (end, past) = (seconds_from_now(600), seconds_from_now(-600));
    let good = json!({"sub": "u-17", "aud": "data", "exp": end});
    let other = hs256(&good, "another secret of thirty-two bytes!!");
    let cases = [
        (token(good), Value::Null),
        (other, json!("signature: no known key has signed it")),
        (
            token(json!({"sub": "u-17", "aud": "data", "exp": past})),
            json!("expired: its `exp` has passed"),
        ),
        (
            token(json!({"sub": "u-17", "aud": "blog", "exp": end})),
            json!("claims: its `aud` names others"),
        ),
        (
            token(json!({"sub": "u 17", "aud": "data", "exp": end})),
            json!("broken session record: sub: not 1 to 256 bytes of visible ASCII"),
        ),
        (
            "opaque".to_owned(),
            json!("malformed: it has not three parts"),
        ),
    ];
    let explained = |request: &[&str]| {
        let words = ["explain", "-c", "gate.yaml", "--json"];
        let output = stack.command(&[&words, request].concat());
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON on standard output")
    };
    for host in ["app.test", "strict.test"] {
        for (token, expected) in &cases {
            let explained = explained(&["--host", host, "--token", token]);
            assert_eq!(explained["detail"], *expected, "{host} {explained}");
        }
    }
    let unknown = explained(&["--host", "app.test", "-H", "Cookie: session=x"]);
    assert_eq!(unknown["detail"], Value::Null, "the reason says it all");
}
