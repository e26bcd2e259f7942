//! R13: tokens and passwords appear in no output, metric, page or answer. A session is named by its sid.

use crate::harness::{Reply, Stack, record, sha256_hex, sid, stack};
use serde_json::{Value, json};

const CONFIG: &str = "
log: {level: debug}
sessions:
  web: {key: 'plain:{token}', redis: {url: '${REDIS}', password: {env: PASSWORD}}}
cache: {ttl: 50ms, stale_if_error: 0s}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
  - {host: strict.test, upstream: 'unix:app.sock', identity: hasura, require: {roles: [none]}}
  - {host: away.test, upstream: 'unix:away.sock', identity: skygear}
  - {host: garbage.test, upstream: 'unix:app.sock', identity: skygear, credentials: keep}
";

const TOKEN: &str = "t0ken-that-nobody-may-see";
const PASSWORD: &str = "passw0rd-that-nobody-may-see";

/// Every way in which a request can go, each with the token in it.
fn all_ways(stack: &Stack) -> Vec<Reply> {
    let hosts = [
        "app.test",
        "strict.test",
        "away.test",
        "garbage.test",
        "elsewhere.test",
        "bad host",
    ];
    let mut replies = Vec::new();
    for host in hosts {
        for target in [
            "/",
            &format!("/?access_token={TOKEN}"),
            &format!("/%2f?{TOKEN}"),
        ] {
            replies.push(stack.get(target).host(host).bearer(TOKEN).send());
            replies.push(stack.get(target).host(host).cookie("session", TOKEN).send());
            replies.push(
                stack
                    .get(target)
                    .host(host)
                    .bearer(TOKEN)
                    .bearer(TOKEN)
                    .send(),
            );
            replies.push(
                stack
                    .get(target)
                    .host(host)
                    .header("Cookie", &format!("session={TOKEN}; session=x{TOKEN}"))
                    .send(),
            );
            replies.push(
                stack
                    .get(target)
                    .host(host)
                    .header("Authorization", &format!("Bearer {TOKEN} {TOKEN}"))
                    .send(),
            );
        }
    }
    for head in [
        format!("GET / HTTP/1.1\r\nHost: app.test\r\nCookie : session={TOKEN}\r\n\r\n"),
        format!(
            "GET / HTTP/1.1\r\nHost: app.test\r\nAuthorization: Bearer {TOKEN}\r\nX: a\0b\r\n\r\n"
        ),
        format!("BREW / HTTP/1.1\r\nHost: app.test\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"),
    ] {
        replies.extend(stack.connect().send(head).try_reply());
    }
    replies
}

#[test]
fn no_token_or_password_is_ever_shown() {
    let mut stack = stack(CONFIG)
        .redis_with(&format!("--requirepass {PASSWORD}"))
        .env("PASSWORD", PASSWORD)
        .start();
    let url = format!(
        "unix://{}?pass={PASSWORD}",
        stack.redis().socket().display()
    );
    let mut own = all_ways(&stack);
    stack.redis().command_as(
        &url,
        &[
            "SET",
            &format!("plain:{TOKEN}"),
            &record("u-17").to_string(),
        ],
    );
    own.extend(all_ways(&stack));
    stack.redis().command_as(
        &url,
        &[
            "SET",
            &format!("plain:{TOKEN}"),
            &format!("{{\"v\":1,\"user_id\":\"{TOKEN}\\n\"}}"),
        ],
    );
    own.extend(all_ways(&stack));
    stack.redis_mut().kill();
    own.extend(all_ways(&stack));

    let answers = own.iter().filter(|reply| reply.status >= 400);
    for reply in answers {
        let shown = format!("{:?}{}", reply.headers, reply.text());
        assert!(!shown.contains(TOKEN), "in an answer: {shown}");
    }
    for page in [
        "/metrics",
        "/status.json",
        "/config",
        "/routes",
        "/upstreams",
    ] {
        let shown = stack.admin(page).text();
        assert!(
            !shown.contains(TOKEN) && !shown.contains(PASSWORD),
            "on {page}: {shown}"
        );
    }
    let shown = stack.gateway.output();
    for secret in [TOKEN, PASSWORD, &sha256_hex(TOKEN)] {
        let lines: Vec<&str> = shown.lines().filter(|line| line.contains(secret)).collect();
        assert!(lines.is_empty(), "{secret} in the output: {lines:#?}");
    }
    assert!(
        shown.contains(&sid(TOKEN)),
        "the session is named by its sid"
    );
}

#[test]
fn what_a_client_writes_cannot_forge_a_line_of_the_log() {
    let stack = stack("routes:\n  - {upstream: 'unix:app.sock'}\n").start();
    let forged = "\\n{\\\"event\\\":\\\"access\\\"}";
    let paths = [
        "/a\"b",
        "/%22,%22status%22:%22200",
        &format!("/{forged}"),
        "/\u{e4}\u{ff}",
        "/%1b%5b31m",
    ];
    for path in paths {
        stack.get(path).header("User-Agent", forged).send();
    }
    let reply = stack.get("/last").send();
    stack
        .gateway
        .access_line(reply.header("X-Request-Id").expect("an id"));
    assert!(stack.gateway.log("access").len() <= paths.len() + 1);
    let out = std::fs::read_to_string(stack.path("gate.out")).expect("its output");
    for line in out.lines() {
        assert!(
            serde_json::from_str::<Value>(line).is_ok(),
            "one JSON object a line: {line}"
        );
    }
}

/// Shows what it is given in every way that a route can.
const SHOWING: &str = "
log: {level: debug}
sessions: ${REDIS}
cache: {ttl: 50ms, negative_ttl: 0s}
routes:
  - {upstream: 'unix:app.sock', identity: [skygear, hasura]}
  - {host: own.test, upstream: 'unix:app.sock', identity: {headers: {X-Email: '{attrs.email}'}}}
  - {host: strict.test, upstream: 'unix:app.sock', identity: skygear, require: {roles: [nobody]}}
  - {host: away.test, upstream: 'unix:away.sock', identity: skygear}
";

/// A whole record of recognisable values, and broken ones with such a value in each place.
fn private_records() -> Vec<Value> {
    let mut whole = record("u-pr1vate");
    whole["roles"] = json!(["r0le-pr1vate"]);
    whole["default_role"] = json!("r0le-pr1vate");
    let places = [
        "/user_id",
        "/default_role",
        "/identity/id",
        "/identity/type",
        "/authenticator/id",
        "/attrs/email",
    ];
    let mut sound = whole.clone();
    let mut records = Vec::new();
    for place in places {
        let mut broken = whole.clone();
        *broken.pointer_mut(place).expect(place) = json!("pr1vate\n");
        records.push(broken);
    }
    for place in ["/identity/id", "/authenticator/id", "/attrs/email"] {
        *sound.pointer_mut(place).expect(place) = json!("pr1vate@example.com");
    }
    records.push(sound);
    records
}

#[test]
fn what_a_record_says_is_told_to_the_upstream_and_to_nobody_else() {
    let stack = stack(SHOWING).redis().start();
    for (index, record) in private_records().iter().enumerate() {
        let token = format!("token-{index}");
        stack.redis().put(&token, record);
        for host in ["app.test", "own.test", "strict.test", "away.test"] {
            let request = stack.get("/").host(host).bearer(&token);
            let reply = request.header("X-Hasura-Role", "r0le-pr1vate").send();
            let is_ours = reply.status != 200;
            assert!(
                !is_ours || !reply.text().contains("pr1vate"),
                "{host}: {}",
                reply.text()
            );
        }
    }
    let told = stack.get("/").bearer("token-6").send().seen();
    assert_eq!(
        told.one("x-hasura-role"),
        Some("r0le-pr1vate"),
        "the sound record was told"
    );
    stack.expect_metric_sum("sessiongate_http_requests_in_flight", 0.0);
    let pages = [
        "/metrics",
        "/status.json",
        "/config",
        "/routes",
        "/upstreams",
    ];
    let shown = pages.map(|page| stack.admin(page).text()).concat() + &stack.gateway.output();
    let lines: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains("pr1vate"))
        .collect();
    assert!(lines.is_empty(), "{lines:#?}");
}
