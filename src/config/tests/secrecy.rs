//! No message, excerpt, debug text or effective configuration shows a secret.

use super::{compile, compile_in};
use crate::config::environment::FixedEnvironment;
use crate::config::load::load;
use std::fs;

#[test]
fn no_message_about_a_bad_file_shows_a_secret() {
    let bad = [
        "sessions: {redis: {url: redis://h, pasword: hunter2}}",
        "sessions: {redis: {url: redis://h, password: hunter2, timeot: 1s}}",
        "sessions: {redis: {url: redis://h, password: [hunter2]}}",
        "sessions:\n  redis:\n    url: redis://h\n    password:\n      - hunter2\n",
        "sessions: {redis: {url: redis://h, password: {value: hunter2}}}",
        "sessions: {redis: {url: redis://h, password: \"hunt\\x65r2hunter2\", x: 1}}",
        "sessions: {redis: {url: redis://h, password: {hunter2}}}",
        "sessions: {redis: {url: redis://h, password: {hunter2: x}, timeot: 1s}}",
        "sessions: {redis: {url: redis://h, password: \"x\n  hunter2\", timeot: 1s}}",
        "sessions: {redis: {url: redis://h, password: x\n  hunter2, timeot: 1s}}",
        "routes: [{upstream: \"redis://:hunter2@h\", sessions: \"redis://:hunter2@h\"}]",
        "sessions: redis://gate:hunter2@h/x",
        "sessions: redis://gate:hunter2",
        "sessions: {redis: redis://:hunter2@h, ky: 1}",
        "sessions: \"redis://gate:hunter2@h",
        "sessions: {redis: {password: 'hunter2, url: x}}",
        "password: |\n  hunter2\n\tx: y\n",
        "admin: {listen: \"127.0.0.1:1\", token: hunter2}",
        "sessions: {web: {cookie_session: {keys: [hunter2]}}}",
        "passwort: hunter2",
        "sessions: {redis: {url: redis://h, auth: hunter2}}",
        "sessions: {redis: {url: redis://h, pw: hunter2}}",
        "sessions: {redis: {url: redis://h, passwd:hunter2}}",
        "sessions: {redis: {url: redis://h, \"passwd:hunter2\": x}}",
        "sessions:\n  redis:\n    url: redis://h\n    password:hunter2\n",
        "sessions: redis://h?password=hunter2",
        "sessions: {a: {jwt: {algorithms: [HS256], key: hunter2}}}",
        "sessions: {a: {jwt: {algorithms: [HS256], secert: hunter2}}}",
        "sessions: {a: {jwt: {algorithms: [ES256], public_key: \"-----BEGIN PRIVATE KEY-----hunter2\"}}}",
        "sessions: {a: {token: {cookie_session: {name: s, key: hunter2}}}}",
        "sessions: {a: {redis: {url: redis://h, format: {laravel: {app_key: hunter2}}}}}",
        "assertion: {issuer: g, key: hunter2}",
        "sessions: {redis: {url: \"redis://h?db=1&passwd=hunter2\", timeot: 1s}}",
    ];
    for text in bad {
        let issues = compile(text).expect_err(text);
        let json = serde_json::to_string(&issues).expect("plain data");
        let shown = format!("{issues}\n{json}\n{issues:?}");
        assert!(!shown.contains("hunter2"), "{text}\n{shown}");
    }
}

#[test]
fn no_form_of_a_good_file_shows_a_secret() {
    let text = "listen: :8080\nsessions:\n  a: {redis: {url: redis://h, password: \"hunter2\"}}\n  \
                b: redis://u:hunter2@h\n  c: {redis: {url: redis://h, password: {env: PASSWORD}}}\n  \
                d: {redis: {url: redis://h, password: \"${PASSWORD}\"}}\n\
                admin: {listen: \"127.0.0.1:1\", token: \"hunter2hunter2hunter2\"}\n\
                routes: [{upstream: \"a:1\", identity: skygear}]\n";
    let loaded = compile_in(text, &[("PASSWORD", "hunter2")]).expect(text);
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    let shown = format!("{warnings:?} {loaded:?} {}", loaded.redacted);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("<redacted>"), "{shown}");
}

#[test]
fn no_key_of_whatever_proves_itself_is_shown() {
    // The Laravel key is 32 bytes of `hunter2`, in base64.
    let text = r#"listen: :8080
sessions:
  signed: {token: bearer, jwt: {algorithms: [HS256], secret: [hunter2hunter2hunter2hunter2hunter2]}}
  fields: {token: {cookie_session: {name: a, keys: [hunter2, hunter22], map: {user_id: id}}}}
  inside:
    token: {cookie_session: {name: b, keys: hunter2, jwt: jwt}}
    jwt: {algorithms: [HS512], secret: {env: KEY}}
    revoked: redis://:hunter2@h
  express: {redis: {url: redis://h, format: {express_session: {secrets: hunter2}}}}
  flask: {redis: {url: redis://h, format: {flask_session: {secrets: [hunter2], salt: a}}}}
  laravel:
    redis: {url: redis://h, format: {laravel: {secrets: "base64:aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ="}}}
routes: [{upstream: "a:1", identity: skygear, credentials: keep}]
"#;
    let key = "hunter2".repeat(10);
    let loaded = compile_in(text, &[("KEY", &key)]).expect("a good file");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let shown = format!("{warnings:?} {loaded:?} {}", loaded.redacted);
    // The last are the bytes of `hunt`, as `Debug` writes them, in base64 and in hex.
    for secret in ["hunter2", "104, 117, 110, 116", "aHVudGVy", "68756e74"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn a_bad_seed_shows_neither_token_nor_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = "- {token: hunter2, record: {v: 1, user_id: \"hunter2\\n\"}}\n\
                - {token: hunter2, tll: 1h, record: {v: 1, user_id: alice}}\n\
                - {token: \"\", record: hunter2}\n\
                - hunter2: {user_id: alice}\n\
                - {token: \"hunter2 \", record: {v: 1, user_id: alice}}\n";
    fs::write(folder.path().join("seed.yaml"), seed).expect("written");
    let config = "listen: :8080\nsessions: {memory: {seed: seed.yaml}}\n\
                  routes: [{upstream: \"a:1\", identity: skygear}]\n";
    let path = folder.path().join("config.yaml");
    fs::write(&path, config).expect("written");
    let issues = load(&path, &FixedEnvironment::default()).expect_err("a bad seed");
    let shown = issues.to_string();
    assert!(
        !shown.contains("hunter2") && !shown.contains("alice"),
        "{shown}"
    );
    let lines: Vec<_> = issues.iter().filter_map(|issue| issue.line).collect();
    assert_eq!(lines, [1, 2, 3, 3, 4, 5], "{shown}");
}
