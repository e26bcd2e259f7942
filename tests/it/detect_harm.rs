//! `detect` changes nothing, shows nothing that opens a session, and is not led astray by what it reads.

use crate::harness::{Command, RealSession, Redis};
use redis::pipe;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Output;
use tempfile::TempDir;

fn scene() -> (TempDir, Redis) {
    let folder = tempfile::tempdir().expect("scratch");
    let redis = Redis::start(folder.path(), "");
    (folder, redis)
}

fn detect(folder: &TempDir, redis: &Redis, arguments: &[&str]) -> Output {
    let url = format!("unix://{}", redis.socket().display());
    let words = [&["detect", "--redis", &url], arguments].concat();
    Command::new(folder.path(), &words).run()
}

fn out(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|fault| panic!("{fault}: {}", out(output)))
}

const REAL: [&str; 8] = [
    "express-session",
    "better-auth",
    "flask-session-signed",
    "django",
    "php-session-php",
    "laravel",
    "spring-jdk",
    "spring-json",
];

#[test]
fn no_value_id_or_credential_is_printed() {
    let (folder, redis) = scene();
    let mut hidden = BTreeSet::new();
    for name in REAL {
        let real = RealSession::of(name);
        real.write(&redis, &real.head, 3);
        hidden.extend(real.values());
        let (_, value) = real.cookie();
        hidden.extend([value, real.id.clone(), real.text("/expected/user_id")]);
    }
    // Shorter ones are in every text; `Spring` and the like would be found in the words.
    hidden.retain(|text| text.len() >= 4 || text == "Ann" || text.starts_with("u-"));
    for name in REAL {
        let (cookie, value) = RealSession::of(name).cookie();
        let cookie = format!("{cookie}={value}");
        for arguments in [
            vec!["--cookie", &cookie],
            vec!["--cookie", &cookie, "--json"],
        ] {
            let told = out(&detect(&folder, &redis, &arguments));
            assert!(
                told.contains("the session of a user") || name == "laravel",
                "{told}"
            );
            for text in &hidden {
                assert!(
                    !told.contains(text.as_str()),
                    "{name} shows `{text}`:\n{told}"
                );
            }
        }
    }
    let told = out(&detect(&folder, &redis, &["--show-values"]));
    assert!(told.contains("users: "), "{told}");
}

#[test]
fn nothing_is_written_and_only_what_the_docs_name_is_asked() {
    let (folder, redis) = scene();
    for name in REAL {
        let real = RealSession::of(name);
        real.write(&redis, &real.head, 3);
    }
    let before = redis.command(&["DBSIZE"]);
    redis.command(&["CONFIG", "RESETSTAT"]);
    let (name, value) = RealSession::of("express-session").cookie();
    detect(&folder, &redis, &["--cookie", &format!("{name}={value}")]);
    let stats = redis.command(&["INFO", "commandstats"]);
    let called = stats.lines().filter_map(|line| {
        let name = line.strip_prefix("cmdstat_")?;
        name.split(':').next().map(str::to_owned)
    });
    let called: BTreeSet<String> = called.collect();
    let allowed = [
        "dbsize",
        "getrange",
        "hgetall",
        "hlen",
        "memory|usage",
        "pttl",
        "scan",
        "type",
        // Of connecting, here and there.
        "client|setinfo",
        "config|resetstat",
        "hello",
        "info",
        "select",
    ];
    let others: Vec<_> = called
        .iter()
        .filter(|name| !allowed.contains(&name.as_str()))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(
        called.contains("scan") && called.contains("hgetall"),
        "{called:?}"
    );
    assert_eq!(redis.command(&["DBSIZE"]), before);
}

#[test]
fn the_acl_of_the_docs_is_enough_and_the_password_stays_hidden() {
    let (folder, redis) = scene();
    for name in REAL {
        let real = RealSession::of(name);
        real.write(&redis, &real.head, 3);
    }
    let docs = std::fs::read_to_string("docs/frameworks.md").expect("docs");
    let rules = docs.split('`').find(|text| text.starts_with("~* +scan"));
    let rules: Vec<&str> = rules.expect("an ACL").split(' ').collect();
    let user = ["ACL", "SETUSER", "looker", "on", ">hidden-pass"];
    redis.command(&[&user[..], &rules].concat());
    let url = format!("redis://looker@127.0.0.1:{}", redis.port());
    let words = ["detect", "--redis", &url, "--password-env", "LOOKER"];
    let environment = [("LOOKER".to_owned(), "hidden-pass".to_owned())];
    let output = Command::new(folder.path(), &words)
        .environment(&environment)
        .run();
    let told = out(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("username: \"looker\""), "{told}");
    assert!(told.contains("password: {env: LOOKER}"), "{told}");
    assert!(
        told.contains("spring_session") && !told.contains("refused"),
        "{told}"
    );

    redis.command(&["ACL", "SETUSER", "looker", "-hgetall", "-getrange"]);
    let url = format!("redis://looker:hidden-pass@127.0.0.1:{}", redis.port());
    let told = out(&Command::new(folder.path(), &["detect", "--redis", &url]).run());
    assert!(told.contains("ACL refused"), "{told}");
    assert!(!told.contains("hidden-pass"), "{told}");
}

#[test]
fn a_large_database_is_looked_at_in_part() {
    let (folder, redis) = scene();
    let mut connection = redis.connection();
    for round in 0..50 {
        let mut commands = pipe();
        for n in 0..1000 {
            commands
                .cmd("SET")
                .arg(format!("page:{round}:{n}:views"))
                .arg(n)
                .ignore();
        }
        let () = commands.query(&mut connection).expect("it is written");
    }
    let real = RealSession::of("express-session");
    real.write(&redis, "sess:", 1);
    redis.command(&["CONFIG", "RESETSTAT"]);
    let found = report(&detect(&folder, &redis, &["--json"]));
    assert_eq!(found["looked_at"]["keys"], 20_000, "{found:#}");
    assert_eq!(found["looked_at"]["size"], 50_001, "{found:#}");
    assert!(redis.calls("scan") <= 21, "{} rounds", redis.calls("scan"));

    // The one session among them is found all the same if its cookie is shown.
    let (name, value) = real.cookie();
    let cookie = format!("{name}={value}");
    let found = report(&detect(&folder, &redis, &["--json", "--cookie", &cookie]));
    assert_eq!(
        found["candidates"][0]["format"], "express_session",
        "{found:#}"
    );
    assert_eq!(
        found["credential"]["record"], "the session of a user",
        "{found:#}"
    );

    real.write(&redis, "sess:", 2000);
    redis.command(&["CONFIG", "RESETSTAT"]);
    let found = report(&detect(&folder, &redis, &["--json", "--sample", "50"]));
    assert!(
        found["looked_at"]["records"].as_u64() <= Some(50),
        "{found:#}"
    );
    assert!(redis.calls("getrange") <= 50, "{found:#}");
}

/// Records of a framework's own key that are none.
const TEXTS: [&[u8]; 8] = [
    &[b'['; 60_000],
    b"{\"cookie\":{\"originalMaxAge\":1},\"cookie\":2}",
    b"cos\nsystem\n(S'touch /tmp/x'\ntR.",
    b"a:4294967295:{",
    b"\xdf\xff\xff\xff\xff",
    b"{\"cookie\":{\"originalMaxAge\":1},\"user\":{\"id\":\"\x1b[31m\"}}",
    b"",
    b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\xff}",
];

const HEADS: [&str; 6] = [
    "\x1b]0;owned\x07:",
    "a\r\nb:",
    "{x}:",
    "${HOME}:",
    "a\"b: [",
    "sess:sub:",
];

fn write_hostile(redis: &Redis) {
    let large = "x".repeat(1 << 20);
    let id = |n: usize| format!("{n:04}abcdefghijklmnopqrstuvwxyzAB");
    let (sess, spring) = (
        |n| format!("sess:{}", id(n)),
        |n| format!("spring:session:sessions:{}", id(n)),
    );
    let mut commands = pipe();
    commands.set(sess(1), &large).ignore();
    commands.hset(spring(2), "creationTime", &large).ignore();
    for n in 0..5000 {
        let name = format!("sessionAttr:{n}");
        commands.hset(spring(3), name, n).ignore();
    }
    for (n, text) in TEXTS.iter().enumerate() {
        commands.set(sess(10 + n), *text).ignore();
    }
    for head in HEADS {
        let key = format!("{head}{}", id(40));
        commands.set(key, "{\"user_id\":\"u-17\"}").ignore();
    }
    commands.rpush(sess(50), "x").ignore();
    commands.sadd(sess(51), "x").ignore();
    let () = commands
        .query(&mut redis.connection())
        .expect("it is written");
}

#[test]
fn hostile_records_and_keys_neither_stop_it_nor_reach_the_terminal() {
    let (folder, redis) = scene();
    let real = RealSession::of("express-session");
    real.write(&redis, "sess:", 20);
    write_hostile(&redis);
    let output = detect(&folder, &redis, &[]);
    let told = out(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let is_plain = |c: char| c == '\n' || !c.is_control();
    assert!(told.chars().all(is_plain), "{told:?}");
    let found = report(&detect(&folder, &redis, &["--json"]));
    let best = &found["candidates"][0];
    assert_eq!(best["format"], "express_session", "{found:#}");
    assert_eq!(best["with_user"], 20, "{found:#}");
    assert_eq!(found["looked_at"]["too_large"], 3, "{found:#}");
    let shown = out(&detect(&folder, &redis, &["--show-values"]));
    assert!(shown.chars().all(is_plain), "{shown:?}");
}
