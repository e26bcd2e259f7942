//! R2: a record that cannot be used is an error of its own, answered 502, told once, never sent in part.

use crate::harness::{Stack, eventually, record, sha256_hex, sid, stack};
use serde_json::{Value, json};

const CONFIG: &str = "
sessions: ${REDIS}
cache: {negative_ttl: 0s}
routes:
  - {upstream: 'unix:app.sock', identity: [skygear, hasura], disabled: forward, invalid: anonymous}
  - {host: custom.test, upstream: 'unix:app.sock', identity: {headers: {X-Email: '{attrs.email}'}}}
";

fn key(token: &str) -> String {
    format!("session:{}", sha256_hex(token))
}

#[track_caller]
fn assert_broken(stack: &Stack, host: &str, token: &str, what: &str) {
    let before = stack.upstream.count();
    let reply = stack.get("/").host(host).bearer(token).send();
    assert_eq!(reply.denial(), (502, "broken_record".to_owned()), "{what}");
    assert!(reply.header("Set-Cookie").is_none(), "{what}");
    assert_eq!(reply.header("Cache-Control"), Some("no-store"), "{what}");
    assert_eq!(
        stack.upstream.count(),
        before,
        "{what}: the upstream was contacted"
    );
}

/// Text in the place of the record.
#[test]
fn what_is_no_record_is_refused_and_the_next_request_works() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("good", &record("u-17"));
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let texts = [
        "",
        " ",
        "null",
        "true",
        "17",
        "[]",
        "\"u\"",
        "{}",
        "{\"v\":1",
        "not json",
        "{'v':1}",
        "\u{0}",
        "{\"user_id\":\"u\"}",
        "{\"v\":1}",
        "{\"v\":2,\"user_id\":\"u\"}",
        "{\"v\":\"1\",\"user_id\":\"u\"}",
        "{\"v\":1,\"user_id\":\"u\"}x",
        &deep,
        "{\"v\":1,\"user_id\":\"u\",\"user_id\":\"root\"}",
    ];
    for (index, text) in texts.iter().enumerate() {
        let token = format!("broken-{index}");
        stack.redis().command(&["SET", &key(&token), text]);
        if text.is_empty() {
            // An empty string is what Redis gives for a key that is not there; both readings are safe.
            let reply = stack.get("/").bearer(&token).send();
            assert!([200, 502].contains(&reply.status));
            assert!(reply.status == 502 || reply.seen().one("x-skygear-user-id").is_none());
            continue;
        }
        assert_broken(&stack, "app.test", &token, text);
        assert_eq!(
            stack
                .get("/")
                .bearer("good")
                .send()
                .seen()
                .one("x-skygear-user-id"),
            Some("u-17"),
            "after {text}"
        );
    }
}

#[test]
fn fields_that_the_profiles_cannot_tell_are_refused() {
    let stack = stack(CONFIG).redis().start();
    let long = "r".repeat(65);
    let cases: [(&str, Value); 33] = [
        ("/user_id", json!("")),
        ("/user_id", json!(-17)),
        ("/user_id", json!(null)),
        ("/user_id", json!("a b")),
        ("/user_id", json!("a\r\nX-Admin: 1")),
        ("/user_id", json!("a\nb")),
        ("/user_id", json!("a\u{0}b")),
        ("/user_id", json!("a\tb")),
        ("/user_id", json!("a\u{7f}")),
        ("/user_id", json!("\u{fc}ser")),
        ("/user_id", json!("u".repeat(257))),
        ("/roles", json!("admin")),
        ("/roles", json!({"admin": true})),
        ("/roles", json!(["admin", 1])),
        ("/roles", json!([""])),
        ("/roles", json!(["admin,root"])),
        ("/roles", json!(["admin\r\nx: y"])),
        ("/roles", json!(["ad min"])),
        ("/roles", json!(["\u{e4}dmin"])),
        ("/roles", json!([long])),
        ("/roles", json!(vec!["r"; 65])),
        ("/default_role", json!("root")),
        ("/default_role", json!(1)),
        ("/verified", json!("true")),
        ("/disabled", json!(1)),
        ("/identity", json!("password")),
        ("/identity/id", json!("a\nb")),
        ("/identity/type", json!("passkey")),
        ("/identity/updated_at", json!("yesterday")),
        ("/identity/updated_at", json!(1568678400)),
        ("/authenticator/type", json!("sms")),
        ("/authenticator/channel", json!("pigeon")),
        ("/expires_at", json!("soon")),
    ];
    for (index, (field, value)) in cases.iter().enumerate() {
        let token = format!("broken-{index}");
        let mut record = record("u-17");
        match record.pointer_mut(field) {
            Some(place) => *place = value.clone(),
            None => record[field.trim_start_matches('/')] = value.clone(),
        }
        stack.redis().put(&token, &record);
        assert_broken(&stack, "app.test", &token, &format!("{field}: {value}"));
    }
}

#[test]
fn the_limits_of_the_contract_themselves_pass() {
    let stack = stack(CONFIG).redis().start();
    let roles: Vec<String> = (0..64)
        .map(|index| format!("{index:02}{}", "r".repeat(62)))
        .collect();
    let widest = json!({"v": 1, "user_id": "!".repeat(256), "roles": roles, "unknown": {"members": "are ignored"}});
    stack.redis().put("widest", &widest);
    let seen = stack.get("/").bearer("widest").send().seen();
    assert_eq!(seen.one("x-skygear-user-id"), Some(&*"!".repeat(256)));
}

#[test]
fn a_record_or_headers_too_large_are_refused() {
    let stack = stack(CONFIG).redis().start();
    let mut record = record("u-17");
    record["attrs"]["email"] = json!("x".repeat(9 * 1024));
    stack.redis().put("headers", &record);
    assert_broken(
        &stack,
        "custom.test",
        "headers",
        "more than 8 KiB of headers",
    );
    assert_eq!(
        stack.get("/").bearer("headers").send().status,
        200,
        "routes that do not tell it are not broken"
    );
    record["attrs"]["email"] = json!("x".repeat(17 * 1024));
    stack.redis().put("record", &record);
    assert_broken(&stack, "app.test", "record", "a record of more than 16 KiB");
    stack
        .redis()
        .command(&["SET", &key("huge"), &"x".repeat(4 << 20)]);
    assert_broken(&stack, "app.test", "huge", "four megabytes");
}

#[test]
fn a_custom_value_with_control_bytes_is_refused_on_routes_that_tell_it() {
    let stack = stack(CONFIG).redis().start();
    for (index, email) in ["a\r\nb", "a\u{0}", "\u{1b}[31m", "a\u{7f}"]
        .iter()
        .enumerate()
    {
        let token = format!("broken-{index}");
        let mut record = record("u-17");
        record["attrs"]["email"] = json!(email);
        stack.redis().put(&token, &record);
        assert_broken(&stack, "custom.test", &token, &format!("{email:?}"));
    }
}

#[test]
fn another_type_of_key_is_a_broken_record() {
    let stack = stack(CONFIG).redis().start();
    for (token, command) in [("list", "RPUSH"), ("set", "SADD")] {
        stack.redis().command(&[command, &key(token), "x"]);
        assert_broken(&stack, "app.test", token, command);
    }
    stack.redis().command(&["HSET", &key("hash"), "a", "b"]);
    assert_broken(&stack, "app.test", "hash", "HSET");
}

#[test]
fn a_broken_record_is_logged_once_with_its_sid_and_counted_each_time() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().command(&[
        "SET",
        &key("broken"),
        "{\"v\":1,\"user_id\":\"s3cret\\u0000value\"}",
    ]);
    for _ in 0..3 {
        assert_broken(&stack, "app.test", "broken", "a control byte");
    }
    let name = sid("broken");
    let about = eventually("a log line about the record", || {
        let output = stack.gateway.output();
        let lines: Vec<String> = output
            .lines()
            .filter(|line| line.contains(&name))
            .map(str::to_owned)
            .collect();
        let told = |line: &&String| !line.contains("\"access\"");
        (lines.len() >= 4).then(|| lines.iter().filter(told).cloned().collect::<Vec<_>>())
    });
    assert_eq!(about.len(), 1, "{about:#?}");
    assert!(
        about[0].contains("user_id"),
        "it names the field: {}",
        about[0]
    );
    assert!(
        !stack.gateway.output().contains("s3cret"),
        "and never the value"
    );
    stack.expect_metric("sessiongate_broken_records_total{source=\"default\"}", 3.0);
    stack.expect_metric(
        "sessiongate_denied_total{reason=\"broken_record\",route=\"*\"}",
        3.0,
    );
}

#[test]
fn a_record_that_was_mended_works_at_once() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().command(&["SET", &key("token-a"), "broken"]);
    assert_broken(&stack, "app.test", "token-a", "before");
    stack.redis().put("token-a", &record("u-17"));
    eventually("the mended record is read", || {
        (stack.get("/").bearer("token-a").send().status == 200).then_some(())
    });
}

#[test]
fn a_broken_record_is_asked_for_each_time_and_mended_for_the_very_next_request() {
    let stack = stack(&CONFIG.replace("negative_ttl: 0s", "ttl: 1h, negative_ttl: 1h"))
        .redis()
        .start();
    let before = stack.redis().reads();
    for round in 1..=3 {
        stack.redis().command(&["SET", &key("token-a"), "broken"]);
        assert_broken(&stack, "app.test", "token-a", "never remembered");
        assert_eq!(stack.redis().reads() - before, round);
    }
    stack.redis().put("token-a", &record("u-17"));
    let seen = stack.get("/").bearer("token-a").send().seen();
    assert_eq!(seen.one("x-skygear-user-id"), Some("u-17"));
    stack.expect_metric("sessiongate_cache_negative_entries", 0.0);
}
