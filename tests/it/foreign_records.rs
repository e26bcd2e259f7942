//! Sessions of other frameworks: records and cookies that the frameworks themselves wrote (tests/fixtures/sessions).

use crate::harness::{Reply, Stack, eventually, seconds_from_now, stack};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redis::Commands;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// Source, folder of the fixture, preset, and what the application does otherwise.
const SOURCES: [(&str, &str, &str, &str); 13] = [
    (
        "express",
        "express-session",
        "express_session",
        "roles: user.roles, verified: user.verified, attrs: {email: user.email}",
    ),
    ("better", "better-auth", "better_auth", ""),
    (
        "flask",
        "flask-session-msgpack",
        "flask_session",
        "signature: none, roles: roles",
    ),
    (
        "flask-json",
        "flask-session-json",
        "flask_session",
        "signature: none, encoding: json",
    ),
    ("flask-signed", "flask-session-signed", "flask_session", ""),
    ("django", "django", "django", "roles: roles"),
    (
        "django-redis",
        "django-redis",
        "django",
        "roles: roles, verified: verified",
    ),
    (
        "django-redis-json",
        "django-redis-json",
        "django",
        "encoding: json",
    ),
    ("php", "php-session-php", "php_session", "roles: user.roles"),
    (
        "php-binary",
        "php-session-php-binary",
        "php_session",
        "encoding: php_binary",
    ),
    (
        "php-serialize",
        "php-session-php-serialize",
        "php_session",
        "encoding: php",
    ),
    ("laravel", "laravel", "laravel", "roles: user.roles"),
    (
        "spring",
        "spring-json",
        "spring_session",
        "roles: attrs.roles",
    ),
];

fn fixture(folder: &str) -> Value {
    let text = fs::read_to_string(place(folder, "fixture.json")).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

fn place(folder: &str, name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures/sessions").join(folder).join(name)
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer}"))
}

/// The key's template: what is not the id.
fn template(fixture: &Value, preset: &str) -> String {
    let key = text(fixture, "/key");
    let head = key.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c));
    match preset {
        // Django writes no separator.
        "django" => ":1:django.contrib.sessions.cache{token}".to_owned(),
        _ => format!("{head}{{token}}"),
    }
}

fn config() -> String {
    let mut sources = String::new();
    let mut routes = String::new();
    for (name, folder, preset, options) in SOURCES {
        let fixture = fixture(folder);
        let key = template(&fixture, preset);
        let secrets = match fixture["secrets"]
            .as_array()
            .and_then(|secrets| secrets.first())
        {
            Some(secret) if !options.contains("signature") => {
                format!("secrets: ['{}'], ", secret.as_str().expect("text"))
            }
            _ => String::new(),
        };
        sources += &format!(
            "  {name}: {{key: '{key}', redis: {{url: '${{REDIS}}', format: {{{preset}: {{{secrets}{options}}}}}}}}}\n"
        );
        routes += &format!(
            "  - {{host: {name}.test, upstream: 'unix:app.sock', sessions: {name}, identity: [skygear, {{headers: {{X-Roles: '{{roles}}', X-Email: '{{attrs.email}}'}}}}]}}\n"
        );
    }
    format!("sessions:\n{sources}cache: {{ttl: 60s, negative_ttl: 60s}}\nroutes:\n{routes}")
}

/// Its record, as its framework would write it now: fixtures have ended long ago.
fn put(stack: &Stack, folder: &str) {
    let fixture = fixture(folder);
    let mut connection = stack.redis().connection();
    let key = text(&fixture, "/key");
    if fixture["type"] == "hash" {
        let fields = fs::read_to_string(place(folder, "value.json")).expect("fields");
        let fields: Value = serde_json::from_str(&fields).expect("JSON");
        for (name, value) in fields.as_object().expect("an object") {
            let bytes = STANDARD
                .decode(value.as_str().expect("text"))
                .expect("base64");
            let _: i64 = connection.hset(key, name, bytes).expect("a field");
        }
        let now_ms = (seconds_from_now(0) * 1_000).to_string();
        let _: i64 = connection
            .hset(key, "lastAccessedTime", now_ms)
            .expect("a field");
        return;
    }
    let value = fs::read(place(folder, "value.bin")).expect("a value");
    let value = match String::from_utf8(value) {
        Ok(text) => text.replace("\":\"2026-1", "\":\"2126-1").into_bytes(),
        Err(bytes) => bytes.into_bytes(),
    };
    let () = connection.set(key, value).expect("a record");
}

fn show(stack: &Stack, name: &str, folder: &str) -> Reply {
    let fixture = fixture(folder);
    let (cookie, value) = (
        text(&fixture, "/cookie/name"),
        text(&fixture, "/cookie/value"),
    );
    stack
        .get("/")
        .host(&format!("{name}.test"))
        .cookie(cookie, value)
        .send()
}

/// Whom the upstream was told of, and what the access log says.
fn told(stack: &Stack, reply: &Reply) -> String {
    format!("{} {}", reply.user(), stack.outcome(reply))
}

#[test]
fn every_framework_s_cookie_leads_to_its_record_and_the_record_to_its_user() {
    let stack = stack(&config()).redis().start();
    for (name, folder, preset, options) in SOURCES {
        let reply = show(&stack, name, folder);
        assert_eq!(
            told(&stack, &reply),
            "- invalid unknown",
            "{name} before it is there"
        );
        put(&stack, folder);
        let user = fixture(folder);
        let user = text(&user, "/expected/user_id");
        eventually(&format!("{name}: the record is noticed"), || {
            let reply = show(&stack, name, folder);
            (told(&stack, &reply) == format!("{user} valid -")).then_some(())
        });
        let seen = stack.upstream.last();
        assert_eq!(seen.all("x-skygear-user-id"), [user], "{name}");
        if options.contains("roles:") {
            assert_eq!(seen.all("x-roles"), ["admin,editor"], "{name} {preset}");
        }
    }
    let seen = show(&stack, "express", "express-session").seen();
    assert_eq!(seen.all("x-email"), ["ann@example.com"]);
    assert_eq!(seen.all("x-skygear-user-verified"), ["true"]);
}

#[test]
fn a_logout_by_the_application_is_noticed_at_once() {
    let stack = stack(&config()).redis().start();
    for (name, folder, ..) in SOURCES {
        put(&stack, folder);
        let user = fixture(folder);
        let user = text(&user, "/expected/user_id");
        assert_eq!(
            told(&stack, &show(&stack, name, folder)),
            format!("{user} valid -"),
            "{name}"
        );
        let key = fixture(folder);
        stack.redis().command(&["DEL", text(&key, "/key")]);
        eventually(&format!("{name}: the logout is noticed"), || {
            let reply = show(&stack, name, folder);
            (told(&stack, &reply) == "- invalid unknown").then_some(())
        });
    }
}

#[test]
fn a_forged_handle_is_refused_without_asking_the_store() {
    let stack = stack(&config()).redis().start();
    for name in ["express", "better", "flask-signed", "laravel"] {
        let (_, folder, ..) = SOURCES
            .into_iter()
            .find(|source| source.0 == name)
            .expect("a source");
        put(&stack, folder);
        let fixture = fixture(folder);
        let (cookie, value) = (
            text(&fixture, "/cookie/name"),
            text(&fixture, "/cookie/value"),
        );
        let reads = stack.redis().reads();
        let forged = match value.strip_suffix(|_: char| true) {
            Some(head) if name != "laravel" => format!("{head}A"),
            _ => value.replacen("eyJpdiI6I", "eyJpdiI6J", 1),
        };
        let host = format!("{name}.test");
        let reply = stack.get("/").host(&host).cookie(cookie, &forged).send();
        let outcome = told(&stack, &reply);
        assert!(
            ["- invalid signature", "- invalid malformed"].contains(&&*outcome),
            "{name}: {outcome}"
        );
        assert_eq!(stack.redis().reads(), reads, "{name}");
    }
}

#[test]
fn a_session_that_nobody_has_logged_in_with_is_none_and_a_login_counts_at_once() {
    let stack = stack(&config()).redis().start();
    let fixture = fixture("express-session");
    let key = text(&fixture, "/key");
    let guest = r#"{"cookie":{"originalMaxAge":null,"expires":null},"cart":[1]}"#;
    stack.redis().command(&["SET", key, guest]);
    let reply = show(&stack, "express", "express-session");
    assert_eq!(told(&stack, &reply), "- absent -");
    put(&stack, "express-session");
    eventually("the login is noticed", || {
        let reply = show(&stack, "express", "express-session");
        (told(&stack, &reply) == "u-17 valid -").then_some(())
    });
}

#[test]
fn what_spring_has_deleted_and_left_behind_is_no_session() {
    let stack = stack(&config()).redis().start();
    let fixture = fixture("spring-json");
    let key = text(&fixture, "/key");
    put(&stack, "spring-json");
    assert_eq!(
        told(&stack, &show(&stack, "spring", "spring-json")),
        "u-17 valid -"
    );
    stack
        .redis()
        .command(&["HSET", key, "maxInactiveInterval", "0"]);
    let refused = || {
        let outcome = told(&stack, &show(&stack, "spring", "spring-json"));
        outcome.starts_with("- invalid").then_some(())
    };
    eventually("it is over", refused);
    stack
        .redis()
        .command(&["HSET", key, "maxInactiveInterval", "1800"]);
    stack.redis().command(&["HDEL", key, "lastAccessedTime"]);
    eventually("it is over", refused);
    stack.redis().command(&[
        "HSET",
        key,
        "maxInactiveInterval",
        "-1",
        "lastAccessedTime",
        "0",
    ]);
    eventually("it never ends", || {
        let outcome = told(&stack, &show(&stack, "spring", "spring-json"));
        (outcome == "u-17 valid -").then_some(())
    });
}
