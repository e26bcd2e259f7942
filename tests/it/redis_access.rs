//! How Redis is reached and who the gateway is there: every form of address, user and secret.

use crate::harness::{Stack, record, sha256_hex, stack};

const PASSWORD: &str = "gate-p@ss:w/rd";
const IN_A_URL: &str = "gate-p%40ss%3Aw%2Frd";

/// A Redis that knows the user `gate` and no other, a session in database 3, and this source.
fn reached(redis: &str) -> Stack {
    let yaml = format!(
        "sessions: {{web: {{redis: {redis}}}}}\nroutes: [{{upstream: 'unix:app.sock', identity: skygear}}]\n"
    );
    let folder = tempfile::tempdir().expect("scratch");
    std::fs::write(folder.path().join("redis-password"), PASSWORD).expect("scratch is writable");
    let credentials = folder.path().to_str().expect("UTF-8").to_owned();
    let stack = stack(&yaml)
        .redis_with(&format!("--requirepass of-the-default-user --user gate on >{PASSWORD} ~session:* ~sessiongate:* +@read +@connection"))
        .redis_port()
        .env("PASSWORD", PASSWORD)
        .env("IN_A_URL", IN_A_URL)
        .env("CREDENTIALS_DIRECTORY", &credentials)
        .file("password", &format!("{PASSWORD}\n"))
        .start();
    let socket = stack.redis().socket().display().to_string();
    let admin = format!("unix://{socket}?pass=of-the-default-user");
    let key = format!("session:{}", sha256_hex("token-a"));
    let put = format!("{admin}&db=3");
    stack
        .redis()
        .command_as(&put, &["SET", &key, &record("u-17").to_string()]);
    stack
}

const TCP: &str = "redis://127.0.0.1:${REDIS_PORT}/3";

#[test]
fn a_user_and_a_secret_of_every_kind_open_the_store() {
    for (what, redis) in [
        (
            "{env:}",
            format!("{{url: '{TCP}', username: gate, password: {{env: PASSWORD}}}}"),
        ),
        (
            "{file:}",
            format!("{{url: '{TCP}', username: gate, password: {{file: password}}}}"),
        ),
        (
            "{credential:}",
            format!("{{url: '{TCP}', username: gate, password: {{credential: redis-password}}}}"),
        ),
        (
            "a variable",
            format!("{{url: '{TCP}', username: gate, password: '${{PASSWORD}}'}}"),
        ),
        (
            "the file itself",
            format!("{{url: '{TCP}', username: gate, password: '{PASSWORD}'}}"),
        ),
        (
            "the URL",
            format!("'redis://gate:{IN_A_URL}@127.0.0.1:${{REDIS_PORT}}/3'"),
        ),
        (
            "the URL, by a variable",
            "'redis://gate:${IN_A_URL}@127.0.0.1:${REDIS_PORT}/3'".to_owned(),
        ),
        (
            "the URL's user and a secret",
            "{url: 'redis://gate@127.0.0.1:${REDIS_PORT}/3', password: {env: PASSWORD}}".to_owned(),
        ),
        (
            "a unix socket",
            "{url: '${REDIS}?db=3', username: gate, password: {env: PASSWORD}}".to_owned(),
        ),
        (
            "a name",
            format!(
                "{{url: '{}', username: gate, password: {{env: PASSWORD}}}}",
                TCP.replace("127.0.0.1", "localhost")
            ),
        ),
    ] {
        let stack = reached(&redis);
        let reply = stack.get("/").bearer("token-a").send();
        assert_eq!(
            reply.seen().one("x-skygear-user-id"),
            Some("u-17"),
            "{what}"
        );
        let shown = stack.gateway.output()
            + &stack.admin("/config").text()
            + &stack.admin("/status.json").text();
        for secret in [PASSWORD, IN_A_URL] {
            assert!(!shown.contains(secret), "{what}: {shown}");
        }
    }
}

#[test]
fn who_may_not_read_is_not_told_that_there_is_no_session() {
    for (what, redis) in [
        ("no password", format!("'{TCP}'")),
        (
            "a wrong one",
            format!("{{url: '{TCP}', username: gate, password: of-the-default-user}}"),
        ),
        (
            "no such user",
            format!("{{url: '{TCP}', username: nobody, password: {{env: PASSWORD}}}}"),
        ),
    ] {
        let stack = reached(&redis);
        for token in ["token-a", "unknown"] {
            let reply = stack.get("/").bearer(token).send();
            assert_eq!(reply.denial(), (503, "store_down".to_owned()), "{what}");
        }
        assert_eq!(stack.upstream.count(), 0, "{what}");
        assert!(
            stack.metric("sessiongate_store_errors_total{kind=\"auth\",source=\"web\"}") > 0.0,
            "{what}"
        );
    }
}

#[test]
fn a_key_outside_the_users_rights_is_an_error_and_not_an_absence() {
    let redis = format!(
        "{{url: '{TCP}', username: gate, password: {{env: PASSWORD}}}}, key: 'other:{{token}}'"
    );
    let stack = reached(&redis);
    stack.expect_metric("sessiongate_store_up{source=\"web\"}", 1.0);
    let reply = stack.get("/").bearer("token-a").send();
    assert_eq!(reply.denial(), (503, "store_down".to_owned()));
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn a_database_that_redis_does_not_have_is_an_error_and_not_an_absence() {
    let redis = "{url: 'redis://127.0.0.1:${REDIS_PORT}/99', password: of-the-default-user}";
    let stack = reached(redis);
    let reply = stack.get("/").bearer("token-a").send();
    assert_eq!(reply.denial(), (503, "store_down".to_owned()));
}
