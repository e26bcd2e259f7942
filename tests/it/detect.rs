//! `detect`: whose sessions a Redis holds, and the configuration that reads them.

use crate::harness::{Command, RealSession, Redis, record, session_key, stack};
use serde_json::{Value, json};
use std::fs;
use std::process::Output;
use tempfile::TempDir;

/// Fixture, preset, and what the YAML has to say besides.
const REAL: [(&str, &str, &str); 15] = [
    ("express-session", "express_session", "env: SESSION_SECRET"),
    ("better-auth", "better_auth", "env: BETTER_AUTH_SECRET"),
    ("flask-session-msgpack", "flask_session", ""),
    ("flask-session-json", "flask_session", "encoding: json"),
    ("flask-session-signed", "flask_session", ""),
    ("django", "django", ""),
    ("django-redis", "django", ""),
    ("django-redis-json", "django", "encoding: json"),
    ("php-session-php", "php_session", ""),
    (
        "php-session-php-binary",
        "php_session",
        "encoding: php_binary",
    ),
    ("php-session-php-serialize", "php_session", "encoding: php"),
    ("laravel", "laravel", "env: APP_KEY"),
    ("laravel-json", "laravel", "env: APP_KEY"),
    ("spring-jdk", "spring_session", ""),
    ("spring-json", "spring_session", ""),
];

struct Scene {
    folder: TempDir,
    redis: Redis,
    environment: Vec<(String, String)>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("scratch");
        let redis = Redis::start(folder.path(), "");
        Self {
            folder,
            redis,
            environment: Vec::new(),
        }
    }

    fn url(&self) -> String {
        format!("unix://{}", self.redis.socket().display())
    }

    fn detect(&self, arguments: &[&str]) -> Output {
        let url = self.url();
        let words = [&["detect", "--redis", &url], arguments].concat();
        let command = Command::new(self.folder.path(), &words);
        command.environment(&self.environment).run()
    }

    #[track_caller]
    fn report(&self, arguments: &[&str]) -> Value {
        let output = self.detect(&[&["--json"], arguments].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|fault| panic!("{fault}: {}", out(&output)))
    }

    fn flush(&self) {
        self.redis.command(&["FLUSHALL"]);
    }
}

fn out(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer}: {value:#}"))
}

/// Sampled, decoded, with user, guests, opaque, with TTL.
fn counts(candidate: &Value) -> [u64; 6] {
    let names = [
        "sampled",
        "decoded",
        "with_user",
        "guests",
        "opaque",
        "with_ttl",
    ];
    names.map(|name| candidate[name].as_u64().expect("a number"))
}

#[test]
fn every_framework_is_known_wherever_it_keeps_its_sessions() {
    let scene = Scene::new();
    for (folder, preset, yaml) in REAL {
        let real = RealSession::of(folder);
        for prefix in ["", "shop:"] {
            scene.flush();
            let head = [prefix, &real.head].concat();
            real.write(&scene.redis, &head, 40);
            let report = scene.report(&[]);
            let best = &report["candidates"][0];
            let what = format!("{folder} {head}: {report:#}");
            assert_eq!(text(best, "/format"), preset, "{what}");
            assert_eq!(text(best, "/key"), format!("{head}{{token}}"), "{what}");
            assert_eq!(counts(best), [40, 40, 40, 0, 0, 40], "{what}");
            let path = real.text("/expected/user_id_path");
            assert_eq!(text(best, "/user_id"), path, "{what}");
            assert!(text(&report, "/yaml").contains(yaml), "{what}");
        }
    }
}

#[test]
fn a_gateway_with_the_printed_configuration_knows_the_user() {
    for (folder, secret) in [
        ("express-session", Some("SESSION_SECRET")),
        ("flask-session-signed", Some("FLASK_KEY")),
        ("laravel", Some("APP_KEY")),
        ("django", None),
        ("spring-jdk", None),
    ] {
        let real = RealSession::of(folder);
        let mut scene = Scene::new();
        real.write(&scene.redis, &format!("shop:{}", real.head), 7);
        let (name, value) = real.cookie();
        let cookie = format!("{name}={value}");
        let mut arguments = vec!["--cookie", cookie.as_str()];
        if let Some(secret) = secret {
            let value = real.text("/secrets/0");
            scene.environment.push((secret.to_owned(), value));
            arguments.extend(["--secret-env", secret]);
        }
        let report = scene.report(&arguments);
        let expected = secret.map_or("none", |_| "checked");
        let what = format!("{folder}: {report:#}");
        assert_eq!(text(&report, "/credential/signature"), expected, "{what}");
        assert_eq!(text(&report, "/credential/record"), "the session of a user");
        let yaml = text(&report, "/yaml");
        let routes = "routes: [{upstream: 'unix:app.sock', identity: skygear}]\n";
        let whole = format!("listen: :8080\n{yaml}{routes}");
        fs::write(scene.folder.path().join("found.yaml"), whole).expect("scratch is writable");
        let check = Command::new(scene.folder.path(), &["check", "found.yaml"]);
        let check = check.environment(&scene.environment).run();
        assert_eq!(check.status.code(), Some(0), "{what} {}", out(&check));

        let mut gateway = stack(&format!("{yaml}{routes}"));
        for (name, value) in &scene.environment {
            gateway = gateway.env(name, value);
        }
        let gateway = gateway.start();
        let seen = gateway.get("/").cookie(&name, &value).send().seen();
        let user = real.text("/expected/user_id");
        assert_eq!(seen.one("x-skygear-user-id"), Some(user.as_str()), "{what}");
    }
}

#[test]
fn several_kinds_stand_in_one_table_and_the_credential_chooses() {
    let scene = Scene::new();
    for (folder, copies) in [("express-session", 30), ("django", 20), ("better-auth", 10)] {
        let real = RealSession::of(folder);
        real.write(&scene.redis, &real.head, copies);
    }
    for n in 0..40 {
        let token = format!("token-{n}");
        scene.redis.put(&token, &record("u-17"));
        scene.redis.command(&["SET", &format!("page:{n}"), "x"]);
    }
    scene.redis.command(&["SET", "sessiongate:user:u-1", "{}"]);
    let report = scene.report(&[]);
    let candidates = report["candidates"].as_array().expect("a list");
    let formats: Vec<_> = candidates.iter().map(|it| text(it, "/format")).collect();
    let expected = ["native", "express_session", "django", "better_auth"];
    assert_eq!(formats, expected, "{report:#}");
    assert_eq!(text(&candidates[0], "/key"), "session:{sha256}");
    assert_eq!(report["looked_at"]["own_keys"], 1);
    assert_eq!(report["looked_at"]["size"], 141);

    let (name, value) = RealSession::of("better-auth").cookie();
    let report = scene.report(&["--cookie", &format!("{name}={value}")]);
    assert_eq!(text(&report, "/candidates/0/format"), "better_auth");
    let report = scene.report(&["--bearer", "token-7"]);
    assert_eq!(text(&report, "/candidates/0/format"), "native");
    assert_eq!(text(&report, "/credential/record"), "the session of a user");
}

#[test]
fn guests_and_users_in_other_places_are_told_apart() {
    let scene = Scene::new();
    let cookie = json!({"originalMaxAge": 1000});
    for n in 0..10 {
        let session = match n {
            0..4 => json!({"cookie": cookie}),
            _ => json!({"cookie": cookie, "account": {"id": n}}),
        };
        let id = &session_key(&n.to_string())[8..];
        let key = format!("sess:{id}");
        scene.redis.command(&["SET", &key, &session.to_string()]);
    }
    let report = scene.report(&[]);
    let best = &report["candidates"][0];
    assert_eq!(counts(best), [10, 10, 6, 4, 0, 0], "{report:#}");
    assert!(text(&report, "/yaml").contains("user_id: account.id"));
}

#[test]
fn a_head_that_holds_a_user_is_no_literal_and_is_not_shown() {
    let scene = Scene::new();
    for name in ["ann", "1007"] {
        let id = &session_key(name)[8..];
        let session = json!({"cookie": {"originalMaxAge": 1000}, "user_id": name});
        let key = format!("{name}:sess:{id}");
        scene.redis.command(&["SET", &key, &session.to_string()]);
    }
    let told = out(&scene.detect(&[]));
    assert!(told.contains("Nothing that fits"), "{told}");
    assert!(!told.contains("ann") && !told.contains("1007"), "{told}");
}

#[test]
fn a_user_inside_an_object_of_a_class_is_said_to_be_there() {
    let scene = Scene::new();
    let real = RealSession::of("spring-jdk");
    real.write(&scene.redis, &real.head, 5);
    let keys = scene.redis.command(&["EVAL", MOVE_USER, "0"]);
    assert_eq!(keys, "5");
    let report = scene.report(&[]);
    let best = &report["candidates"][0];
    assert_eq!(counts(best), [5, 5, 0, 0, 5, 5], "{report:#}");
    let told = out(&scene.detect(&[]));
    assert!(told.contains("keep the id in a plain attribute"), "{told}");
}

/// As Spring Security writes: the user is in an object, and nowhere else.
const MOVE_USER: &str = "
local keys = redis.call('KEYS', '*')
for _, key in ipairs(keys) do
  local user = redis.call('HGET', key, 'sessionAttr:user')
  redis.call('HSET', key, 'sessionAttr:SPRING_SECURITY_CONTEXT', user)
  redis.call('HDEL', key, 'sessionAttr:user', 'sessionAttr:user_id', 'sessionAttr:account')
end
return #keys
";

#[test]
fn what_carries_its_own_session_needs_no_redis() {
    let folder = tempfile::tempdir().expect("scratch");
    let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJoaWRkZW4tMTcifQ.c2ln";
    let real = RealSession::of_cookie("cookie-session");
    for (arguments, code, expected) in [
        (["--bearer", jwt], 0, "jwks:"),
        (["--cookie", real.as_str()], 0, "cookie_session:"),
        (["--bearer", "a-plain-token"], 1, "a plain id"),
    ] {
        let words = [&["detect"], &arguments[..]].concat();
        let output = Command::new(folder.path(), &words).run();
        let told = out(&output);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(expected), "{told}");
        assert!(
            !told.contains("hidden-17") && !told.contains("u-17"),
            "{told}"
        );
        let shown = Command::new(folder.path(), &[&words[..], &["--show-values"]].concat()).run();
        let shown = out(&shown);
        let has_value = shown.contains("hidden-17") || shown.contains("u-17");
        assert_eq!(has_value, code == 0, "{shown}");
    }
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let scene = Scene::new();
    let url = scene.url();
    let cases: [(&[&str], i32); 9] = [
        (&["--redis", &url], 1),
        (&["--redis", "unix:///nowhere.sock"], 1),
        (&["--redis", "http://127.0.0.1"], 2),
        (&[], 2),
        (&["--redis", &url, "--cookie", "no-value"], 2),
        (&["--redis", &url, "--secret-env", "NOT_SET_HERE"], 2),
        (&["--redis", &url, "--password-env", "NOT_SET_HERE"], 2),
        (&["--redis", &url, "--sample", "0"], 2),
        (&["--redis", &url, "--cookie", "a=b", "--bearer", "c"], 2),
    ];
    for (arguments, code) in cases {
        let words = [&["detect"], arguments].concat();
        let output = Command::new(scene.folder.path(), &words).run();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?} {}",
            out(&output)
        );
        assert!(!out(&output).contains("sessions:\n"), "{}", out(&output));
    }
    let said = out(&scene.detect(&[]));
    assert!(said.contains("Nothing that fits"), "{said}");
}
