//! Sessions in a real Redis: found, absent, ended; every way of reaching it and of naming a key.

use crate::harness::{Clock, Stack, eventually, record, sha256_hex, stack};
use std::time::Duration;

const CONFIG: &str = "
sessions: ${REDIS}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

/// Who the upstream was told for a token; `-` for nobody.
fn user(stack: &Stack, token: &str) -> String {
    let reply = stack.get("/").bearer(token).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply
        .seen()
        .one("x-skygear-user-id")
        .unwrap_or("-")
        .to_owned()
}

#[test]
fn a_session_in_redis_is_found_and_an_unknown_one_is_not() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    assert_eq!(user(&stack, "token-a"), "u-17");
    assert_eq!(user(&stack, "token-b"), "-");
}

#[test]
fn a_session_ends_with_the_ttl_of_its_key_to_the_millisecond() {
    let stack = stack(CONFIG).redis().start();
    let before = Clock::start();
    stack.redis().put_for_ms("token-a", &record("u-17"), 700);
    let after = Clock::start();
    let mut valid = 0;
    while after.elapsed() < Duration::from_millis(1000) {
        let (asked, ended) = (after.elapsed(), Duration::from_millis(700));
        let told = user(&stack, "token-a");
        if asked >= ended {
            assert_eq!(
                told,
                "-",
                "asked {} ms after the key was set to end after 700",
                asked.as_millis()
            );
        } else if before.elapsed() < ended {
            assert_eq!(
                told,
                "u-17",
                "answered {} ms after the key was set to end after 700",
                before.ms()
            );
            valid += 1;
        }
    }
    assert!(valid > 1, "the session was served from the cache meanwhile");
}

#[test]
fn a_session_ends_with_its_own_expires_at_even_without_a_ttl() {
    let stack = stack(CONFIG).redis().start();
    let mut ended = record("u-17");
    ended["expires_at"] = "2020-01-01T00:00:00Z".into();
    stack.redis().put("ended", &ended);
    let mut lasting = record("u-18");
    lasting["expires_at"] = "2099-01-01T00:00:00Z".into();
    stack.redis().put("lasting", &lasting);
    stack.redis().put_for_ms("short", &lasting, 300);
    assert_eq!(user(&stack, "ended"), "-");
    assert_eq!(user(&stack, "lasting"), "u-18");
    eventually("the earlier of the two ends counts", || {
        (user(&stack, "short") == "-").then_some(())
    });
}

#[test]
fn a_database_is_chosen_in_the_url() {
    let stack = stack(
        "
sessions:
  five: {redis: '${REDIS}?db=5'}
  six: {token: [{cookie: six}], redis: 'redis://127.0.0.1:${REDIS_PORT}/6'}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
",
    )
    .redis()
    .redis_port()
    .start();
    let key = format!("session:{}", sha256_hex("token-a"));
    stack
        .redis()
        .command_in(5, &["SET", &key, &record("u-5").to_string()]);
    stack
        .redis()
        .command_in(6, &["SET", &key, &record("u-6").to_string()]);
    assert_eq!(user(&stack, "token-a"), "u-5");
    let six = stack.get("/").cookie("six", "token-a").send();
    assert_eq!(six.seen().one("x-skygear-user-id"), Some("u-6"));
}

#[test]
fn a_key_template_names_the_token_itself_or_its_hash() {
    let stack = stack(
        "
sessions:
  plain: {key: 'sess:{token}', redis: '${REDIS}'}
  hashed: {token: [{cookie: sid}], key: 'a:{sha256}:b', redis: '${REDIS}'}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
",
    )
    .redis()
    .start();
    stack
        .redis()
        .command(&["SET", "sess:token-a", &record("u-plain").to_string()]);
    stack.redis().command(&[
        "SET",
        &format!("a:{}:b", sha256_hex("token-a")),
        &record("u-hashed").to_string(),
    ]);
    assert_eq!(user(&stack, "token-a"), "u-plain");
    let hashed = stack.get("/").cookie("sid", "token-a").send();
    assert_eq!(hashed.seen().one("x-skygear-user-id"), Some("u-hashed"));
}

/// The url form with a password, the long form with a user, each over TCP and the unix socket.
#[test]
fn a_password_and_a_user_are_shown_to_redis() {
    let yaml = "
sessions:
  url: {redis: 'redis://:s3cr%40t@127.0.0.1:${REDIS_PORT}'}
  user: {token: [{cookie: user}], redis: {url: 'redis://127.0.0.1:${REDIS_PORT}', username: gate, password: {env: PASSWORD}}}
  file: {token: [{cookie: file}], redis: {url: '${REDIS}', password: {file: password}, timeout: {connect: 2s, reply: 1s}}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";
    let stack = stack(yaml)
        .env("PASSWORD", "gate-pass")
        .file("password", "s3cr@t\n")
        .redis_with("--requirepass s3cr@t")
        .redis_port()
        .start();
    let url = format!("unix://{}?pass=s3cr@t", stack.redis().socket().display());
    stack.redis().command_as(
        &url,
        &[
            "ACL",
            "SETUSER",
            "gate",
            "on",
            ">gate-pass",
            "~session:*",
            "~sessiongate:*",
            "+@all",
        ],
    );
    let key = format!("session:{}", sha256_hex("token-a"));
    stack
        .redis()
        .command_as(&url, &["SET", &key, &record("u-17").to_string()]);
    assert_eq!(user(&stack, "token-a"), "u-17");
    for name in ["user", "file"] {
        let reply = eventually(name, || {
            let reply = stack.get("/").cookie(name, "token-a").send();
            (reply.status == 200).then_some(reply)
        });
        assert_eq!(
            reply.seen().one("x-skygear-user-id"),
            Some("u-17"),
            "{name}"
        );
    }
}

#[test]
fn a_wrong_password_is_a_store_error_that_is_counted_and_never_printed() {
    let yaml = CONFIG.replace("${REDIS}", "'redis://:wr0ng-pass@127.0.0.1:${REDIS_PORT}'");
    let stack = stack(&yaml)
        .redis_with("--requirepass s3cret")
        .redis_port()
        .start();
    let reply = stack.get("/").bearer("token-a").send();
    assert_eq!(reply.denial(), (503, "store_down".to_owned()));
    assert!(stack.metric("sessiongate_store_errors_total{kind=\"auth\",source=\"default\"}") > 0.0);
    assert!(
        !stack.gateway.output().contains("wr0ng-pass"),
        "{}",
        stack.gateway.output()
    );
}

#[test]
fn two_sources_do_not_share_what_they_know_of_a_token() {
    let stack = stack(
        "
sessions:
  one: {key: 'one:{token}', token: [bearer], redis: '${REDIS}'}
  two: {key: 'two:{token}', token: [{cookie: two}], redis: '${REDIS}'}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
",
    )
    .redis()
    .start();
    stack
        .redis()
        .command(&["SET", "one:token-a", &record("u-one").to_string()]);
    assert_eq!(user(&stack, "token-a"), "u-one");
    let two = stack.get("/").cookie("two", "token-a").send().seen();
    assert_eq!(
        two.one("x-skygear-user-id"),
        None,
        "the same token is nothing to the other source"
    );
}

#[test]
fn a_client_cannot_reach_another_key_through_its_token() {
    let stack = stack(
        "
sessions:
  plain: {key: 'sess:{token}', redis: '${REDIS}'}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
",
    )
    .redis()
    .start();
    stack
        .redis()
        .command(&["SET", "other", &record("u-other").to_string()]);
    for token in ["*", "..%2Fother", "\u{a}other", "x\r\nGET other", "{other}"] {
        let cookie = stack
            .get("/")
            .header(
                "Cookie",
                &format!("session={}", token.replace(['\r', '\n'], "%0a")),
            )
            .send();
        assert_eq!(cookie.seen().one("x-skygear-user-id"), None, "{token:?}");
    }
}
