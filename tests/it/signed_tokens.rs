//! Signed tokens as sessions: what is believed, what is said upstream, and that they can be revoked (seed 001).

use crate::harness::{
    Answer, Issuer, Reply, Stack, Upstream, bytes, eventually, hs256, seconds_from_now, stack,
};
use serde_json::{Value, json};
use sessiongate::token::TokenDigest;

const SECRET: &str = "a secret of thirty-two bytes and more";

/// Entries are trusted for a minute: whatever is noticed before was told.
const CONFIG: &str = "
sessions:
  token: [bearer, {cookie: access_token}]
  jwt:
    algorithms: [HS256]
    secret: {env: JWT_KEY}
    issuer: https://auth.test
    audience: [data]
    map: {user_id: sub, roles: realm.roles, attrs: {email: email}}
  revoked: ${REDIS}
cache: {ttl: 60s, negative_ttl: 60s}
routes:
  - {upstream: 'unix:app.sock', identity: [skygear, {headers: {X-Email: '{attrs.email}'}}]}
  - {host: hasura.test, upstream: 'unix:app.sock', identity: hasura, logout: true}
";

fn running() -> Stack {
    stack(CONFIG).env("JWT_KEY", SECRET).redis().start()
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://auth.test", "aud": "data", "sub": "u-17", "jti": "t-1",
        "iat": seconds_from_now(-10), "exp": seconds_from_now(600),
        "realm": {"roles": ["user", "admin"]}, "email": "ada@example.com",
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

fn token(changes: &Value) -> String {
    let mut claims = claims(changes);
    claims
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    hs256(&claims, SECRET)
}

fn ask(stack: &Stack, token: &str) -> Reply {
    stack.get("/").bearer(token).send()
}

fn outcome(stack: &Stack, token: &str) -> String {
    let reply = ask(stack, token);
    format!("{} {}", reply.user(), stack.outcome(&reply))
}

/// Asks until the token is refused for this reason.
#[track_caller]
fn expect_refused(stack: &Stack, token: &str, reason: &str) {
    eventually(&format!("it is refused as {reason}"), || {
        (outcome(stack, token) == format!("- invalid {reason}")).then_some(())
    });
}

#[test]
fn what_a_token_says_is_what_the_upstream_is_told() {
    let stack = running();
    let good = token(&json!({}));
    let request = stack.get("/").header("x-email", "root@example.com");
    request.bearer(&good).send();
    let seen = stack.upstream.last();
    assert_eq!(seen.all("x-skygear-user-id"), ["u-17"]);
    assert_eq!(seen.all("x-email"), ["ada@example.com"]);
    assert!(seen.all("authorization").is_empty(), "it was exchanged");
    stack.get("/").cookie("access_token", &good).send();
    assert_eq!(stack.upstream.last().all("x-skygear-user-id"), ["u-17"]);
    let hasura = stack.get("/").host("hasura.test").bearer(&good);
    hasura.header("x-hasura-role", "admin").send();
    let seen = stack.upstream.last();
    assert_eq!(seen.all("x-hasura-user-id"), ["u-17"]);
    assert_eq!(seen.all("x-hasura-role"), ["admin"]);
}

#[test]
fn a_token_that_is_not_believed_is_invalid_and_says_why() {
    let stack = running();
    let good = token(&json!({}));
    assert_eq!(outcome(&stack, &good), "u-17 valid -");
    let other_secret = hs256(&claims(&json!({})), "another secret of thirty-two bytes!!");
    let unsigned = {
        let (head, _) = good.rsplit_once('.').expect("three parts");
        format!("{head}.")
    };
    let cases = [
        (other_secret, "signature"),
        (unsigned, "signature"),
        (good.replace('.', "-"), "malformed"),
        (token(&json!({"exp": seconds_from_now(-60)})), "expired"),
        (token(&json!({"exp": null})), "claims"),
        (token(&json!({"exp": "soon"})), "claims"),
        (token(&json!({"nbf": seconds_from_now(600)})), "claims"),
        (token(&json!({"iss": "https://auth.test/"})), "claims"),
        (token(&json!({"iss": ["https://auth.test"]})), "claims"),
        (token(&json!({"aud": "other"})), "claims"),
        (token(&json!({"aud": null})), "claims"),
        (token(&json!({"sub": null})), "claims"),
    ];
    for (token, reason) in cases {
        let expected = format!("- invalid {reason}");
        assert_eq!(outcome(&stack, &token), expected, "{token}");
    }
    let refused = stack
        .get("/")
        .host("hasura.test")
        .bearer(&good.replace('.', "-"))
        .send();
    assert_eq!(refused.status, 401, "hasura rejects what is invalid");
    let line = stack.access_line(&refused);
    assert_eq!(
        (&line["reason"], &line["invalid"]),
        (&json!("invalid_session"), &json!("malformed"))
    );
    // A claim that no header can hold is the issuer's fault.
    let odd = token(&json!({"realm": {"roles": ["a b"]}}));
    assert_eq!(ask(&stack, &odd).status, 502);
}

#[test]
fn a_token_ends_when_it_says_whatever_the_cache_holds() {
    let yaml = CONFIG.replace("    issuer:", "    leeway: 0s\n    issuer:");
    let stack = stack(&yaml).env("JWT_KEY", SECRET).redis().start();
    let short = token(&json!({"exp": seconds_from_now(2)}));
    assert_eq!(outcome(&stack, &short), "u-17 valid -");
    expect_refused(&stack, &short, "expired");
    assert_eq!(outcome(&stack, &short), "- invalid expired");
}

#[test]
fn a_token_is_revoked_by_its_id_by_its_user_and_by_message() {
    let stack = running();
    let named = |id: &str| token(&json!({"jti": id}));
    let (by_key, by_message, by_user, stays) = (
        named("by-key"),
        named("by-message"),
        named("by-user"),
        named("stays"),
    );
    let other_user = token(&json!({"jti": "other", "sub": "u-18"}));
    for token in [&by_key, &by_message, &by_user, &stays] {
        assert_eq!(outcome(&stack, token), "u-17 valid -");
    }
    assert_eq!(outcome(&stack, &other_user), "u-18 valid -");
    let redis = stack.redis();
    redis.command(&["SET", "sessiongate:revoked:by-key", "1", "EX", "600"]);
    expect_refused(&stack, &by_key, "revoked");
    let message = r#"{"revoke":{"jti":"by-message"}}"#;
    redis.command(&["PUBLISH", "sessiongate:events", message]);
    expect_refused(&stack, &by_message, "revoked");
    assert_eq!(outcome(&stack, &stays), "u-17 valid -");
    redis.command(&[
        "PUBLISH",
        "sessiongate:events",
        r#"{"revoke":{"user":"u-17"}}"#,
    ]);
    expect_refused(&stack, &by_user, "revoked");
    expect_refused(&stack, &stays, "revoked");
    assert_eq!(outcome(&stack, &other_user), "u-18 valid -");
    // What is issued later holds.
    let later = token(&json!({"jti": "later", "iat": seconds_from_now(5)}));
    assert_eq!(outcome(&stack, &later), "u-17 valid -");
}

#[test]
fn logging_out_revokes_the_token_wherever_it_is_shown_until_it_ends() {
    let stack = running();
    let token = token(&json!({}));
    assert_eq!(outcome(&stack, &token), "u-17 valid -");
    let page = stack.post("/.sessiongate/logout").host("hasura.test");
    let reply = page.cookie("access_token", &token).send();
    assert_eq!(reply.status, 204);
    assert_eq!(
        outcome(&stack, &token),
        "- invalid revoked",
        "as bearer too"
    );
    let left = stack.redis().command(&["TTL", "sessiongate:revoked:t-1"]);
    let left: i64 = left
        .trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .expect("a number");
    assert!(
        (600..=1_000).contains(&left),
        "as long as the token lives: {left}"
    );
}

#[test]
fn a_token_that_is_revoked_by_its_name_stays_so_longer_than_any_record() {
    let stack = running();
    let month = 30 * 86_400;
    let long = token(&json!({"exp": seconds_from_now(2 * month)}));
    assert_eq!(outcome(&stack, &long), "u-17 valid -");
    let sid = TokenDigest::of(&long).sid();
    let page = format!("/sessions/{sid}");
    assert_eq!(stack.admin_request("DELETE", &page).send().status, 200);
    expect_refused(&stack, &long, "revoked");
    let key = format!("sessiongate:revoked:{sid}");
    let left = stack.redis().command(&["TTL", &key]);
    let left: i64 = left
        .trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .expect("a number");
    assert!(left > 2 * month, "{left}");
}

#[test]
fn no_token_ends_the_session_whose_name_it_has_for_an_id() {
    let stack = running();
    let victim = token(&json!({"sub": "victim", "jti": "t-2"}));
    assert_eq!(outcome(&stack, &victim), "victim valid -");
    let sid = TokenDigest::of(&victim).sid().to_string();
    let attacker = token(&json!({"sub": "attacker", "jti": sid}));
    let page = stack.post("/.sessiongate/logout").host("hasura.test");
    assert_eq!(page.bearer(&attacker).send().status, 204);
    assert_eq!(outcome(&stack, &attacker), "- invalid revoked");
    assert_eq!(outcome(&stack, &victim), "victim valid -");
}

#[test]
fn a_token_without_an_end_is_taken_only_where_that_is_said_and_can_be_revoked_for_good() {
    let yaml = CONFIG.replace("    issuer:", "    no_expiry: allow\n    issuer:");
    let stack = stack(&yaml).env("JWT_KEY", SECRET).redis().start();
    let endless = token(&json!({"exp": null}));
    assert_eq!(outcome(&stack, &endless), "u-17 valid -");
    let page = stack.post("/.sessiongate/logout").host("hasura.test");
    assert_eq!(page.bearer(&endless).send().status, 204);
    assert_eq!(outcome(&stack, &endless), "- invalid revoked");
    let left = stack.redis().command(&["TTL", "sessiongate:revoked:t-1"]);
    assert!(left.contains("-1"), "without an end: {left}");
}

#[test]
fn without_a_redis_revocations_hold_in_this_process() {
    let yaml = CONFIG.replace("  revoked: ${REDIS}\n", "");
    let stack = stack(&yaml).env("JWT_KEY", SECRET).start();
    let token = token(&json!({}));
    assert_eq!(outcome(&stack, &token), "u-17 valid -");
    let done = stack.admin_request("DELETE", "/users/u-17/sessions").send();
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(outcome(&stack, &token), "- invalid revoked");
    // The command has to tell that process: in its own it would revoke nothing.
    let other = self::token(&json!({"sub": "u-18"}));
    assert_eq!(outcome(&stack, &other), "u-18 valid -");
    let told = stack.command(&["user", "logout", "u-18", "--config", "gate.yaml"]);
    assert!(told.status.success(), "{told:?}");
    assert_eq!(outcome(&stack, &other), "- invalid revoked");
}

#[test]
fn while_the_store_of_revocations_is_away_known_tokens_go_on_and_unknown_ones_are_an_error() {
    let mut stack = running();
    let (known, unknown) = (token(&json!({})), token(&json!({"jti": "t-2"})));
    assert_eq!(outcome(&stack, &known), "u-17 valid -");
    stack.redis_mut().kill();
    eventually("the loss is noticed", || {
        (ask(&stack, &unknown).status == 503).then_some(())
    });
    assert_eq!(outcome(&stack, &known), "u-17 valid -");
    // Nobody has to be asked to refuse a forgery.
    let forged = hs256(&claims(&json!({})), "another secret of thirty-two bytes!!");
    assert_eq!(outcome(&stack, &forged), "- invalid signature");
}

const JWKS_CONFIG: &str = "
sessions:
  token: bearer
  jwt: {algorithms: [ES256], jwks: 'http://127.0.0.1:${PORT}/jwks.json'}
cache: {negative_ttl: 0s}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

fn publish(site: &Upstream, issuers: &[&Issuer]) {
    let unknown = json!({"kty": "AKP", "kid": "pq", "alg": "ML-DSA-44", "pub": "AA"});
    let keys = issuers.iter().map(|issuer| issuer.jwk());
    let keys: Vec<Value> = std::iter::once(unknown).chain(keys).collect();
    let body = json!({ "keys": keys }).to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/jwk-set+json\r\n";
    let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    site.on("/jwks.json", Answer::Raw(bytes(&answer)));
}

fn asking(site: &Upstream) -> Stack {
    let port = site.port().to_string();
    stack(JWKS_CONFIG).env("PORT", &port).start()
}

#[test]
fn keys_are_fetched_from_the_issuer_and_a_key_that_is_unknown_is_looked_for_once() {
    let site = Upstream::tcp();
    let (first, second) = (Issuer::new("k-1"), Issuer::new("k-2"));
    publish(&site, &[&first]);
    let stack = asking(&site);
    let claims = json!({"sub": "u-17", "exp": seconds_from_now(600)});
    assert_eq!(outcome(&stack, &first.sign(&claims)), "u-17 valid -");
    let before = site.count();
    for _ in 0..10 {
        assert_eq!(
            outcome(&stack, &second.sign(&claims)),
            "- invalid signature"
        );
    }
    assert!(site.count() <= before + 1, "one attempt per cooldown");
    // One that names a known key and is signed by another asks nobody.
    let forger = Issuer::new("k-1");
    assert_eq!(
        outcome(&stack, &forger.sign(&claims)),
        "- invalid signature"
    );
    assert!(site.count() <= before + 1);
}

#[test]
fn without_keys_nobody_can_say_and_nobody_is_let_in_or_logged_out() {
    let site = Upstream::tcp();
    site.on(
        "/jwks.json",
        Answer::Raw(bytes("HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n")),
    );
    let stack = asking(&site);
    let issuer = Issuer::new("k-1");
    let claims = json!({"sub": "u-17", "exp": seconds_from_now(600)});
    let reply = ask(&stack, &issuer.sign(&claims));
    assert_eq!(reply.denial(), (503, "store_down".to_owned()));
    assert_eq!(stack.get("/").send().status, 200, "others go on");
    let page = stack.admin("/status.json").json();
    let source = &page["sources"][0];
    assert_eq!(
        (&source["store"], &source["up"]),
        (&json!("jwt"), &json!(false))
    );
}

#[test]
fn signed_and_opaque_tokens_in_one_place_each_go_to_the_source_of_their_kind() {
    const BOTH: &str = "
sessions:
  api: {token: bearer, jwt: {algorithms: [HS256], secret: {env: JWT_KEY}}}
  web: {token: [bearer, {cookie: session}], memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, sessions: [api, web]}
  - {host: other.test, upstream: 'unix:app.sock', identity: skygear, sessions: [web, api]}
  - {host: api.test, upstream: 'unix:app.sock', identity: skygear, sessions: api}
";
    let stack = stack(BOTH).env("JWT_KEY", SECRET);
    let stack = stack
        .seed("opaque", &json!({"v": 1, "user_id": "ada"}))
        .start();
    let signed = token(&json!({}));
    let forged = hs256(&claims(&json!({})), "another secret of thirty-two bytes!!");
    for host in ["a.test", "other.test"] {
        for (shown, expected) in [
            (&*signed, "u-17 valid -"),
            ("opaque", "ada valid -"),
            (&forged, "- invalid signature"),
            ("unknown", "- invalid unknown"),
            ("un.known", "- invalid unknown"),
        ] {
            let reply = stack.get("/").host(host).bearer(shown).send();
            let told = format!("{} {}", reply.user(), stack.outcome(&reply));
            assert_eq!(told, expected, "{host} {shown}");
        }
    }
    let alone = stack.get("/").host("api.test").bearer("opaque").send();
    assert_eq!(
        stack.outcome(&alone),
        "invalid malformed",
        "nobody else takes it"
    );
}
