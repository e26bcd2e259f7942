//! `/.sessiongate/logout` and `/.sessiongate/whoami`: what the gateway answers a browser itself, where a route enables it.

use crate::harness::{Reply, Stack, eventually, record, sha256_hex, sid, stack};
use serde_json::json;

const CONFIG: &str = "
sessions: ${REDIS}
cache: {ttl: 60s, negative_ttl: 60s, stale_if_error: 1h}
routes:
  - {host: app.test, path: /app/*, upstream: 'unix:app.sock', identity: skygear, logout: true, whoami: true}
  - {host: app.test, upstream: 'unix:app.sock', identity: skygear}
  - {host: placed.test, upstream: 'unix:app.sock', identity: hasura, logout: {cookie_path: /x, cookie_domain: placed.test}}
  - {host: plain.test, upstream: 'unix:app.sock', identity: skygear}
";
const LOG_OUT: &str = "/.sessiongate/logout";
const WHO_AM_I: &str = "/.sessiongate/whoami";

fn running() -> Stack {
    stack(CONFIG).redis().start()
}

fn app(stack: &Stack, token: &str) -> Reply {
    stack
        .get("/app/")
        .host("app.test")
        .cookie("session", token)
        .send()
}

#[track_caller]
fn know(stack: &Stack, token: &str) {
    stack.redis().put(token, &record("u-17"));
    eventually("the session is known", || {
        (app(stack, token).seen().one("x-skygear-user-id") == Some("u-17")).then_some(())
    });
}

fn is_known(stack: &Stack, token: &str) -> bool {
    app(stack, token).seen().one("x-skygear-user-id").is_some()
}

#[test]
fn a_browser_logs_its_own_session_out_and_no_other() {
    for mode in ["tracking", "pubsub", "none"] {
        let config = CONFIG.replace("cache: {", &format!("cache: {{invalidation: {mode}, "));
        let stack = stack(&config).redis().start();
        for token in ["token-a", "token-b"] {
            know(&stack, token);
        }
        let before = stack.upstream.count();
        let reply = stack
            .post(LOG_OUT)
            .host("app.test")
            .cookie("session", "token-a")
            .send();
        assert_eq!(reply.status, 204, "{mode}");
        assert_eq!(reply.header("Cache-Control"), Some("no-store"));
        let cookie = reply.header("Set-Cookie").expect("the cookie is expired");
        assert!(
            cookie.starts_with("session=; Path=/; Max-Age=0;"),
            "{cookie}"
        );
        assert_eq!(
            stack.upstream.count(),
            before,
            "the upstream hears nothing of it"
        );
        // Of the very next request on, whatever the store announces and when.
        assert!(!is_known(&stack, "token-a"), "{mode}");
        assert!(is_known(&stack, "token-b"), "{mode}");
        let record = format!("session:{}", sha256_hex("token-a"));
        let revoked = format!("sessiongate:revoked:{}", sid("token-a"));
        let left = |key: &str| stack.redis().command(&["EXISTS", key]);
        assert_eq!(
            (left(&record), left(&revoked)),
            ("0".to_owned(), "1".to_owned())
        );
    }
}

#[test]
fn a_cookie_is_expired_as_it_was_set_and_a_bearer_has_none() {
    let stack = running();
    let placed = stack
        .post(LOG_OUT)
        .host("placed.test")
        .cookie("session", "token-a")
        .send();
    let cookie = placed
        .header("Set-Cookie")
        .expect("an unknown session's cookie goes as well");
    assert!(
        cookie.contains("Path=/x;") && cookie.contains("Domain=placed.test"),
        "{cookie}"
    );
    know(&stack, "token-b");
    let bearer = stack
        .post(LOG_OUT)
        .host("app.test")
        .bearer("token-b")
        .send();
    assert_eq!((bearer.status, bearer.header("Set-Cookie")), (204, None));
    assert!(!is_known(&stack, "token-b"));
    let nobody = stack.post(LOG_OUT).host("app.test").send();
    assert_eq!((nobody.status, nobody.header("Set-Cookie")), (204, None));
}

#[test]
fn a_credential_that_opens_nothing_leaves_nothing_in_the_store() {
    let stack = running();
    // Of the second one the absence is remembered.
    for number in [1, 2, 2] {
        let unknown = format!("unknown-{number}");
        let reply = stack.post(LOG_OUT).host("app.test").bearer(&unknown).send();
        assert_eq!(reply.status, 204);
        let revoked = format!("sessiongate:revoked:{}", sid(&unknown));
        let exists = stack.redis().command(&["EXISTS", &revoked]);
        assert_eq!(exists, "0", "anybody could fill the store");
    }
}

/// Where a credential is a key as it stands, it may name any.
#[test]
fn a_credential_deletes_no_key_that_is_no_session() {
    let named = CONFIG
        .replace("${REDIS}", "{web: {redis: '${REDIS}', key: '{token}'}}")
        .replace(
            "stale_if_error: 1h",
            "stale_if_error: 1h, invalidation: pubsub",
        );
    let stack = stack(&named).redis().start();
    let mark = "sessiongate:user:u-17";
    let absent = stack
        .get("/app/")
        .host("app.test")
        .cookie("session", mark)
        .send();
    assert_eq!(absent.status, 200, "there is no such key yet");
    stack.redis().command(&["SET", mark, "{\"not_before\": 1}"]);
    let reply = stack
        .post(LOG_OUT)
        .host("app.test")
        .cookie("session", mark)
        .send();
    assert_eq!(reply.status, 204, "that there was none is remembered");
    assert_eq!(stack.redis().command(&["EXISTS", mark]), "1");
}

/// RFC 9112 §9.3: what follows a request on its connection is the next one, and no earlier.
#[test]
fn a_body_that_nobody_reads_is_no_request() {
    let stack = running();
    know(&stack, "token-a");
    let inner =
        format!("POST {LOG_OUT} HTTP/1.1\r\nHost: app.test\r\nCookie: session=token-a\r\n\r\n");
    let length = inner.len();
    let mut connection = stack.connect();
    connection.send(format!(
        "POST {LOG_OUT} HTTP/1.1\r\nHost: app.test\r\nContent-Length: {length}\r\n\r\n{inner}"
    ));
    assert_eq!(connection.reply().status, 204);
    assert!(is_known(&stack, "token-a"), "still logged in");
}

#[test]
fn nobody_is_told_to_be_logged_out_while_the_store_cannot_do_it() {
    let mut stack = running();
    know(&stack, "token-a");
    know(&stack, "token-a");
    stack.redis_mut().kill();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    let reply = stack
        .post(LOG_OUT)
        .host("app.test")
        .cookie("session", "token-a")
        .send();
    assert_eq!(reply.denial(), (503, "store_down".to_owned()));
    assert_eq!(
        reply.header("Set-Cookie"),
        None,
        "R7: never clear a cookie for a store error"
    );
    assert!(reply.header("Retry-After").is_some());
}

#[test]
fn another_sites_page_logs_nobody_out() {
    let stack = running();
    know(&stack, "token-a");
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Origin", "https://evil.test"),
        ("Origin", "null"),
    ] {
        let request = stack
            .post(LOG_OUT)
            .host("app.test")
            .cookie("session", "token-a");
        let reply = request.header(name, value).send();
        assert_eq!(
            reply.denial(),
            (403, "cross_site".to_owned()),
            "{name}: {value}"
        );
        assert!(is_known(&stack, "token-a"));
    }
    let request = stack
        .post(LOG_OUT)
        .host("app.test")
        .cookie("session", "token-a");
    let own = request.header("Origin", "https://app.test").send();
    assert_eq!(own.status, 204);
}

#[test]
fn only_a_post_logs_out_and_only_where_it_is_enabled() {
    let stack = running();
    know(&stack, "token-a");
    for method in ["GET", "PUT", "DELETE", "HEAD"] {
        let reply = stack
            .request(method, LOG_OUT)
            .host("app.test")
            .cookie("session", "token-a")
            .send();
        assert_eq!(
            (reply.status, reply.header("Allow")),
            (405, Some("POST")),
            "{method}"
        );
    }
    for target in [LOG_OUT, WHO_AM_I] {
        let passed = stack
            .post(target)
            .host("plain.test")
            .cookie("session", "token-a")
            .send();
        assert_eq!(passed.seen().target(), target, "a path like any other");
    }
    assert!(is_known(&stack, "token-a"));
}

#[test]
fn a_browser_is_told_whose_session_it_shows() {
    let stack = running();
    know(&stack, "token-a");
    let before = stack.upstream.count();
    let reply = stack
        .get(WHO_AM_I)
        .host("app.test")
        .cookie("session", "token-a")
        .send();
    assert_eq!(
        (reply.status, reply.header("Cache-Control")),
        (200, Some("no-store"))
    );
    assert_eq!(
        reply.json(),
        json!({
            "user_id": "u-17", "roles": ["user", "admin"], "default_role": "user", "verified": true,
            "disabled": false, "expires_at": null,
        })
    );
    let head = stack
        .request("HEAD", WHO_AM_I)
        .host("app.test")
        .cookie("session", "token-a")
        .send();
    assert_eq!((head.status, head.text()), (200, String::new()));
    let nobody = stack.get(WHO_AM_I).host("app.test").send();
    assert_eq!(nobody.denial(), (401, "no_session".to_owned()));
    let unknown = stack
        .get(WHO_AM_I)
        .host("app.test")
        .cookie("session", "token-x")
        .send();
    assert_eq!(unknown.denial(), (401, "invalid_session".to_owned()));
    assert_eq!(stack.upstream.count(), before);
}

#[test]
fn the_end_of_a_session_is_told_in_the_profiles_words() {
    let stack = running();
    let mut ending = record("u-17");
    ending["expires_at"] = json!("2100-01-02T03:04:05.678Z");
    stack.redis().put("token-a", &ending);
    let reply = stack
        .get(WHO_AM_I)
        .host("app.test")
        .bearer("token-a")
        .send();
    assert_eq!(reply.json()["expires_at"], "2100-01-02T03:04:05.678Z");
}

#[test]
fn the_embedded_store_logs_out_at_once() {
    let config = "
sessions: {local: {memory: {seed: seed.yaml}}}
routes: [{upstream: 'unix:app.sock', identity: skygear, require: session, logout: true}]
";
    let stack = stack(config).seed("token-a", &record("u-17")).start();
    assert_eq!(stack.get("/").bearer("token-a").send().status, 200);
    assert_eq!(stack.post(LOG_OUT).bearer("token-a").send().status, 204);
    assert_eq!(stack.get("/").bearer("token-a").send().status, 401);
}

#[test]
fn a_page_that_cannot_be_served_is_a_configuration_error() {
    let config = "
sessions: ${REDIS}
routes:
  - {host: a.test, upstream: 'unix:app.sock', identity: none, logout: true}
  - {host: b.test, upstream: 'unix:app.sock', identity: skygear, whoami: true}
  - {host: b.test, path: /x, upstream: 'unix:app.sock', identity: skygear, whoami: true}
";
    let stack = stack(config).spawn();
    let checked = stack.command(&["check", "gate.yaml"]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!(checked.status.code(), Some(3), "{said}");
    assert!(said.contains("`logout` needs a session"), "{said}");
    assert!(
        said.contains("answers /.sessiongate/whoami on this host already"),
        "{said}"
    );
}
