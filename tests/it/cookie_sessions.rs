//! Sessions in signed cookies, as the npm package cookie-session writes them (seed 001; features.md A.5).

use crate::harness::{Reply, Stack, cookie_session, hs256, stack};
use serde_json::{Value, json};

const JWT_KEY: &str = "asdf-asdf-asdf-asdf-asdf-asdf-asdf";

const CONFIG: &str = "
sessions:
  ssr:
    token: [{cookie_session: {name: session, keys: [{env: KEY1}, {env: KEY2}], jwt: jwt}}]
    jwt: {algorithms: [HS256], secret: {env: JWT_KEY}, no_expiry: allow, map: {user_id: id, attrs: {email: email}}}
  fields:
    token: [{cookie_session: {name: login, keys: [{env: KEY1}], map: {user_id: user.id, roles: user.roles}}}]
  bare:
    token: [{cookie_session: {name: bare, unsigned: true, jwt: jwt}}]
    jwt: {algorithms: [HS256], secret: {env: JWT_KEY}, no_expiry: allow, map: {user_id: id}}
  several:
    token:
      - {cookie_session: {name: one, unsigned: true, jwt: one}}
      - {cookie_session: {name: other, unsigned: true, jwt: other}}
      - {cookie_session: {name: s1, keys: [{env: KEY1}], jwt: one}}
      - {cookie_session: {name: s2, keys: [{env: KEY1}], jwt: one}}
      - {cookie: raw}
    jwt: {algorithms: [HS256], secret: {env: JWT_KEY}, no_expiry: allow, map: {user_id: id}}
routes:
  - upstream: 'unix:app.sock'
    sessions: ssr
    identity: [skygear, {headers: {X-Email: '{attrs.email}'}}]
    logout: true
  - {host: fields.test, upstream: 'unix:app.sock', sessions: fields, identity: [skygear, {headers: {X-Roles: '{roles}'}}]}
  - {host: bare.test, upstream: 'unix:app.sock', sessions: bare, identity: skygear}
  - {host: several.test, upstream: 'unix:app.sock', sessions: several, identity: skygear}
";

fn running() -> Stack {
    let keys = [("KEY1", "key1"), ("KEY2", "key2"), ("JWT_KEY", JWT_KEY)];
    let builder = keys
        .into_iter()
        .fold(stack(CONFIG), |builder, (name, key)| builder.env(name, key));
    builder.start()
}

/// The token of seed 001: an id, an address, and no end.
fn seed_token() -> String {
    let claims = json!({"key": "somethingAboutUser", "id": 123, "email": "user@email.com"});
    hs256(&claims, JWT_KEY)
}

fn shown(stack: &Stack, host: &str, name: &str, session: &Value, key: &str) -> String {
    let (value, signature) = cookie_session(name, session, key);
    let line = format!("Cookie: theme=dark; {name}={value}; {name}.sig={signature}");
    told(stack, &stack.get("/").host(host).line(&line).send())
}

/// Whom the upstream was told of, and what the access log says.
fn told(stack: &Stack, reply: &Reply) -> String {
    format!("{} {}", reply.user(), stack.outcome(reply))
}

#[test]
fn the_token_in_the_cookie_is_the_session() {
    let stack = running();
    let session = json!({"jwt": seed_token()});
    for key in ["key1", "key2"] {
        assert_eq!(
            shown(&stack, "a.test", "session", &session, key),
            "123 valid -",
            "{key}"
        );
    }
    let seen = stack.upstream.last();
    assert_eq!(seen.all("x-email"), ["user@email.com"]);
    assert_eq!(
        seen.all("cookie"),
        ["theme=dark"],
        "cookie and signature stay here"
    );
}

#[test]
fn a_cookie_counts_only_under_its_own_signature() {
    let stack = running();
    let session = json!({"jwt": seed_token()});
    let host = "a.test";
    assert_eq!(
        shown(&stack, host, "session", &session, "key3"),
        "- invalid signature"
    );
    let (value, signature) = cookie_session("session", &session, "key1");
    let (_, of_other_name) = cookie_session("other", &session, "key1");
    let cases = [
        (
            format!("session={value}; session.sig={signature}"),
            "123 valid -",
        ),
        (
            format!("session.sig={signature}; session={value}"),
            "123 valid -",
        ),
        (format!("session={value}"), "- invalid signature"),
        (
            format!("session={value}; session.sig="),
            "- invalid malformed",
        ),
        (
            format!("session={value}; session.sig={of_other_name}"),
            "- invalid signature",
        ),
        (
            format!("session={value}; session.sig={signature}; session.sig=x"),
            "- invalid ambiguous",
        ),
        (format!("session.sig={signature}"), "- absent -"),
        (
            "session=%00; session.sig=x".to_owned(),
            "- invalid signature",
        ),
    ];
    for (cookies, expected) in cases {
        let reply = stack
            .get("/")
            .host(host)
            .line(&format!("Cookie: {cookies}"))
            .send();
        assert_eq!(told(&stack, &reply), expected, "{cookies}");
    }
    let inner = json!({"jwt": hs256(&json!({"id": 1}), "another secret of thirty-two bytes")});
    assert_eq!(
        shown(&stack, host, "session", &inner, "key1"),
        "- invalid signature"
    );
}

#[test]
fn a_cookie_without_a_token_is_of_somebody_who_has_not_logged_in() {
    let stack = running();
    for session in [json!({}), json!({"jwt": null}), json!({"cart": [1]})] {
        assert_eq!(
            shown(&stack, "a.test", "session", &session, "key1"),
            "- absent -"
        );
    }
    assert_eq!(
        shown(&stack, "fields.test", "login", &json!({}), "key1"),
        "- absent -"
    );
}

#[test]
fn the_fields_of_the_cookie_are_the_session() {
    let stack = running();
    let session = json!({"user": {"id": "u-17", "roles": ["a", "b"]}});
    assert_eq!(
        shown(&stack, "fields.test", "login", &session, "key1"),
        "u-17 valid -"
    );
    assert_eq!(stack.upstream.last().all("x-roles"), ["a,b"]);
    assert_eq!(
        shown(&stack, "fields.test", "login", &session, "key2"),
        "- invalid signature"
    );
    let odd = json!({"user": {"id": {"no": "text"}}});
    let (value, signature) = cookie_session("login", &odd, "key1");
    let line = format!("Cookie: login={value}; login.sig={signature}");
    assert_eq!(
        stack.get("/").host("fields.test").line(&line).send().status,
        502
    );
}

#[test]
fn an_unsigned_cookie_is_as_good_as_the_token_inside() {
    let stack = running();
    let (value, _) = cookie_session("bare", &json!({"jwt": seed_token()}), "any");
    let reply = stack
        .get("/")
        .host("bare.test")
        .cookie("bare", &value)
        .send();
    assert_eq!(told(&stack, &reply), "123 valid -");
    let forged = json!({"jwt": hs256(&json!({"id": 1}), "guessed"), "id": 1});
    let (value, _) = cookie_session("bare", &forged, "any");
    let reply = stack
        .get("/")
        .host("bare.test")
        .cookie("bare", &value)
        .send();
    assert_eq!(told(&stack, &reply), "- invalid signature");
}

#[test]
fn logging_out_expires_both_cookies_and_the_session_is_over() {
    let stack = running();
    let session = json!({"jwt": seed_token()});
    let (value, signature) = cookie_session("session", &session, "key1");
    let line = format!("Cookie: session={value}; session.sig={signature}");
    assert_eq!(
        shown(&stack, "a.test", "session", &session, "key1"),
        "123 valid -"
    );
    let reply = stack
        .post("/.sessiongate/logout")
        .host("a.test")
        .line(&line)
        .send();
    assert_eq!(reply.status, 204);
    let expired: Vec<&str> = reply.all("set-cookie");
    assert_eq!(expired.len(), 2, "{expired:?}");
    assert!(expired[0].starts_with("session=;") && expired[1].starts_with("session.sig=;"));
    assert_eq!(
        shown(&stack, "a.test", "session", &session, "key1"),
        "- invalid revoked"
    );
}

#[test]
fn what_is_known_of_one_place_is_not_believed_of_another() {
    let stack = running();
    let ask = |cookies: &str| {
        let line = format!("Cookie: {cookies}");
        told(
            &stack,
            &stack.get("/").host("several.test").line(&line).send(),
        )
    };
    let token = |id: u32| hs256(&json!({"id": id}), JWT_KEY);
    let both = json!({"one": token(1), "other": token(2)});
    let (value, signature) = cookie_session("s1", &both, "key1");
    for _ in 0..2 {
        assert_eq!(ask(&format!("one={value}")), "1 valid -");
        assert_eq!(ask(&format!("other={value}")), "2 valid -");
        let signed = format!("s1={value}; s1.sig={signature}");
        assert_eq!(ask(&signed), "1 valid -");
        let of_other_name = format!("s2={value}; s2.sig={signature}");
        assert_eq!(ask(&of_other_name), "- invalid signature");
        assert_eq!(ask(&format!("raw={}", token(3))), "3 valid -");
        let unsigned = format!("s1={}", token(3));
        assert_eq!(ask(&unsigned), "- invalid signature");
        assert_eq!(ask(&format!("s1={}", token(4))), "- invalid signature");
        assert_eq!(ask(&format!("raw={}", token(4))), "4 valid -");
        assert_eq!(ask(&format!("raw={value}")), "- invalid malformed");
    }
}
