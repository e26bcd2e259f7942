//! The profile `assertion`: a signed token of the identity that a service checks with the gateway's published keys.

use crate::harness::{Command, Reply, Stack, StackBuilder, eventually, record, sid, stack};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Value, json};
use std::fs;
use std::time::UNIX_EPOCH;

const HEADER: &str = "X-Sessiongate-Assertion";
const KEYS: &str = "/.sessiongate/jwks.json";

const CONFIG: &str = "
upstreams: {blog: 'unix:app.sock', shop: 'unix:app.sock'}
sessions: ${REDIS}
cache: {ttl: 60s}
assertion: {issuer: 'https://gate.test', keys: [{file: key.pem}]}
routes:
  - {host: blog.test, upstream: blog, identity: [skygear, assertion]}
  - {host: blog.test, path: /too/*, upstream: blog, identity: assertion}
  - {host: shop.test, upstream: shop, identity: assertion}
  - {host: named.test, upstream: shop, identity: {profile: assertion, audience: 'urn:named', header: X-Who}}
  - {host: strict.test, upstream: blog, identity: assertion, require: session}
  - {host: plain.test, upstream: 'unix:app.sock'}
  - {host: sky.test, upstream: 'unix:app.sock', identity: skygear}
";

fn key(algorithm: &'static rcgen::SignatureAlgorithm) -> String {
    let pair = rcgen::KeyPair::generate_for(algorithm);
    pair.expect("a key").serialize_pem()
}

fn p256() -> String {
    key(&rcgen::PKCS_ECDSA_P256_SHA256)
}

fn building(config: &str) -> StackBuilder {
    stack(config).file("key.pem", &p256())
}

fn running() -> Stack {
    let stack = building(CONFIG).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    stack
}

fn ask(stack: &Stack, host: &str) -> Reply {
    stack.get("/").host(host).bearer("token-a").send()
}

/// The one assertion that the upstream was shown.
#[track_caller]
fn told(reply: &Reply, header: &str) -> String {
    let seen = reply.seen();
    let lines = seen.all(header);
    assert_eq!(lines.len(), 1, "{header}: {lines:?}");
    lines[0].to_owned()
}

#[track_caller]
fn published(stack: &Stack, host: &str) -> Value {
    let reply = stack.get(KEYS).host(host).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// What a service does: the key by its `kid`, the algorithm by the key, then the signature. Gives the claims.
#[track_caller]
fn verified(token: &str, keys: &Value) -> Value {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let header: Value = serde_json::from_slice(&decoded(header)).expect("JSON");
    let keys = keys["keys"].as_array().expect("keys");
    let key = keys.iter().find(|key| key["kid"] == header["kid"]);
    let key = key.expect("the key is published");
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&key["alg"], &json!("JWT"))
    );
    let point = |name: &str| decoded(key[name].as_str().expect(name));
    let (algorithm, public): (&dyn VerificationAlgorithm, _) = match key["crv"].as_str() {
        Some("P-256") => (
            &ECDSA_P256_SHA256_FIXED,
            [vec![4], point("x"), point("y")].concat(),
        ),
        _ => (&ED25519, point("x")),
    };
    let signature = decoded(signature);
    let checked = UnparsedPublicKey::new(algorithm, public).verify(signed.as_bytes(), &signature);
    assert_eq!(checked, Ok(()), "{token}");
    serde_json::from_slice(&decoded(claims)).expect("JSON")
}

/// When the stack was set up, in seconds.
fn set_up_at(stack: &Stack) -> u64 {
    let written = fs::metadata(stack.path("key.pem")).and_then(|file| file.modified());
    let age = written.expect("a file").duration_since(UNIX_EPOCH);
    age.expect("after 1970").as_secs()
}

#[test]
fn a_service_checks_who_the_caller_is_with_the_published_key() {
    let stack = running();
    let reply = ask(&stack, "blog.test");
    let token = told(&reply, HEADER);
    assert_eq!(reply.seen().one("x-skygear-user-id"), Some("u-17"));
    let claims = verified(&token, &published(&stack, "blog.test"));
    let issued_at = claims["iat"].as_u64().expect("a time");
    let set_up_at = set_up_at(&stack);
    assert!(
        (set_up_at..set_up_at + 600).contains(&issued_at),
        "{claims}"
    );
    assert_eq!(
        claims,
        json!({
            "iss": "https://gate.test", "aud": "blog", "sub": "u-17", "iat": issued_at, "exp": issued_at + 60,
            "sid": sid("token-a"), "roles": ["user", "admin"], "verified": true, "disabled": false,
        })
    );
    let forged = format!("{}x{}", &token[..40], &token[41..]);
    assert_ne!(forged, token, "and every byte counts");
}

#[test]
fn each_upstream_has_an_audience_of_its_own() {
    let stack = running();
    let keys = published(&stack, "shop.test");
    for (host, header, audience) in [
        ("blog.test", HEADER, "blog"),
        ("shop.test", HEADER, "shop"),
        ("named.test", "X-Who", "urn:named"),
    ] {
        let token = told(&ask(&stack, host), header);
        assert_eq!(verified(&token, &keys)["aud"], audience, "{host}");
    }
}

#[test]
fn it_is_signed_once_per_session_and_audience() {
    // Nothing is pushed: a record that was written is read again, and its session signed for again.
    let config = CONFIG.replace("${REDIS}", "{local: {memory: {seed: seed.yaml}}}");
    let stack = building(&config)
        .seed("token-a", &record("u-17"))
        .seed("token-b", &record("u-17"))
        .start();
    let first = told(&ask(&stack, "blog.test"), HEADER);
    assert_eq!(told(&ask(&stack, "blog.test"), HEADER), first);
    let other_route = stack.get("/too/").host("blog.test").bearer("token-a");
    assert_eq!(told(&other_route.send(), HEADER), first);
    stack.expect_metric("sessiongate_assertions_signed_total", 1.0);
    let other_session = stack.get("/").host("blog.test").bearer("token-b").send();
    assert_ne!(told(&other_session, HEADER), first);
    ask(&stack, "shop.test");
    stack.expect_metric("sessiongate_assertions_signed_total", 3.0);
}

#[test]
fn it_ends_with_its_session_at_the_latest() {
    let stack = running();
    let mut ending = record("u-17");
    ending["expires_at"] = json!("2100-01-01T00:00:00.000Z");
    stack.redis().put("token-b", &ending);
    let digest = crate::harness::session_key("token-b");
    stack.redis().command(&["PEXPIRE", &digest, "30000"]);
    let reply = stack.get("/").host("blog.test").bearer("token-b").send();
    let claims = verified(&told(&reply, HEADER), &published(&stack, "blog.test"));
    let left = claims["exp"].as_u64().expect("a time") - claims["iat"].as_u64().expect("a time");
    assert!(left <= 30, "{claims}");
}

#[test]
fn a_disabled_user_is_told_of_unless_another_profile_is_stricter() {
    let config = CONFIG.replace(
        "host: shop.test, upstream: shop, identity: assertion",
        "host: shop.test, upstream: shop, identity: [hasura, assertion]",
    );
    let stack = building(&config).redis().start();
    let mut disabled = record("u-17");
    disabled["disabled"] = json!(true);
    stack.redis().put("token-a", &disabled);
    let token = told(&ask(&stack, "blog.test"), HEADER);
    let claims = verified(&token, &published(&stack, "blog.test"));
    assert_eq!(claims["disabled"], true);
    assert_eq!(ask(&stack, "shop.test").status, 403);
}

/// R1: on every route, in every spelling, whether or not the route writes one itself.
#[test]
fn a_client_cannot_show_one() {
    let stack = running();
    for host in [
        "blog.test",
        "shop.test",
        "named.test",
        "plain.test",
        "sky.test",
    ] {
        for name in [
            HEADER,
            "x-sessiongate-assertion",
            "X_Sessiongate.Assertion",
            "X-Who",
        ] {
            let reply = stack.get("/").host(host).header(name, "forged").send();
            let seen = reply.seen();
            let forged = seen.headers.iter().filter(|(_, value)| value == "forged");
            assert_eq!(forged.count(), 0, "{name} on {host}");
        }
    }
    let reply = stack
        .get("/")
        .host("blog.test")
        .bearer("token-a")
        .header(HEADER, "forged")
        .send();
    assert_ne!(told(&reply, HEADER), "forged");
}

#[test]
fn nobody_is_asserted_without_a_valid_session() {
    let stack = running();
    let none = |reply: &Reply| reply.seen().all(HEADER).is_empty();
    assert!(none(&stack.get("/").host("blog.test").send()), "nobody");
    let unknown = stack.get("/").host("blog.test").bearer("token-x").send();
    assert!(none(&unknown), "an unknown token");
    let malformed = stack.get("/").host("blog.test").bearer("a b").send();
    assert!(none(&malformed), "a malformed one");
    told(&ask(&stack, "blog.test"), HEADER);
    let revoked = format!("sessiongate:revoked:{}", sid("token-a"));
    stack.redis().command(&["SET", &revoked, "1"]);
    eventually("the revocation is heard of", || {
        none(&ask(&stack, "blog.test")).then_some(())
    });
    assert_eq!(ask(&stack, "strict.test").status, 401);
}

#[test]
fn a_role_that_is_taken_away_is_not_asserted_again() {
    let stack = running();
    told(&ask(&stack, "blog.test"), HEADER);
    let mut fewer = record("u-17");
    (fewer["roles"], fewer["default_role"]) = (json!(["user"]), json!("user"));
    stack.redis().put("token-a", &fewer);
    let keys = published(&stack, "blog.test");
    eventually("the change is heard of", || {
        let claims = verified(&told(&ask(&stack, "blog.test"), HEADER), &keys);
        (claims["roles"] == json!(["user"])).then_some(())
    });
}

#[test]
fn keys_are_rotated_with_an_overlap() {
    let config = CONFIG.replace(
        "keys: [{file: key.pem}]",
        "algorithm: EdDSA, keys: [{file: new.pem}, {file: key.pem}]",
    );
    let stack = building(&config)
        .file("new.pem", &key(&rcgen::PKCS_ED25519))
        .redis()
        .start();
    stack.redis().put("token-a", &record("u-17"));
    let keys = published(&stack, "blog.test");
    let kinds = keys["keys"].as_array().expect("keys").iter();
    let kinds: Vec<_> = kinds.map(|key| key["alg"].clone()).collect();
    assert_eq!(kinds, [json!("EdDSA"), json!("ES256")], "both");
    let token = told(&ask(&stack, "blog.test"), HEADER);
    assert_eq!(verified(&token, &keys)["sub"], "u-17");
    let header = decoded(token.split('.').next().expect("a header"));
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    assert_eq!(header["alg"], "EdDSA", "the first one signs");
}

#[test]
fn the_keys_are_for_everybody_and_may_be_kept() {
    let stack = running();
    let before = stack.upstream.count();
    let reply = stack.get(KEYS).host("blog.test").bearer("unknown").send();
    assert_eq!(reply.status, 200);
    assert_eq!(
        (reply.header("Content-Type"), reply.header("Cache-Control")),
        (Some("application/jwk-set+json"), Some("max-age=300"))
    );
    let strict = stack.get(KEYS).host("strict.test").send();
    assert_eq!(strict.json(), reply.json(), "no session is needed");
    let admin = stack.admin("/jwks.json");
    assert_eq!(admin.json(), reply.json());
    assert_eq!(admin.header("Content-Type"), reply.header("Content-Type"));
    let head = stack.request("HEAD", KEYS).host("blog.test").send();
    assert_eq!((head.status, head.text()), (200, String::new()));
    for method in ["POST", "PUT", "DELETE"] {
        let refused = stack.request(method, KEYS).host("blog.test").send();
        let allowed = (refused.status, refused.header("Allow"));
        assert_eq!(allowed, (405, Some("GET, HEAD")), "{method}");
    }
    assert_eq!(stack.upstream.count(), before);
    for key in reply.json()["keys"].as_array().expect("keys") {
        assert_eq!(key.get("d"), None, "the public part");
    }
    let plain = stack.get(KEYS).host("plain.test").send();
    assert_eq!(plain.seen().target(), KEYS, "a path like any other");
}

#[test]
fn where_nothing_is_signed_there_are_no_keys() {
    let stack = stack("routes: [{upstream: 'unix:app.sock'}]\n").start();
    assert_eq!(stack.admin("/jwks.json").json(), json!({"keys": []}));
}

#[test]
fn the_configuration_of_the_docs_is_valid() {
    let docs = include_str!("../../docs/assertion.md");
    let example = docs.split("```yaml\n").nth(1).expect("a block");
    let example = example.split("```").next().expect("a block");
    let folder = tempfile::tempdir().expect("scratch");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("scratch is writable");
    };
    // Credentials are systemd's; a file of the same name stands in.
    let example = example.replace("{credential: ", "{file: ");
    write("assertion-key", &p256());
    write(
        "gate.yaml",
        &format!("listen: :8080\nsessions: redis://127.0.0.1:6379\n{example}"),
    );
    let checked = Command::new(folder.path(), &["check", "--deny-warnings", "gate.yaml"]).run();
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!((checked.status.code(), said), (Some(0), String::new()));
}

#[test]
fn neither_key_nor_assertion_is_ever_shown() {
    let key = p256();
    let config = CONFIG.to_owned() + "log: {level: debug}\n";
    let stack = stack(&config).file("key.pem", &key).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    let token = told(&ask(&stack, "blog.test"), HEADER);
    let signature = token.rsplit('.').next().expect("three parts");
    let explained = stack.command(&[
        "explain",
        "--config",
        "gate.yaml",
        "--host",
        "blog.test",
        "--token",
        "token-a",
    ]);
    let explained = String::from_utf8_lossy(&explained.stdout).into_owned();
    assert!(
        explained.contains(&format!(
            "{}: <signed: {{\"iss\":\"https://gate.test\",\"aud\":\"blog\"",
            HEADER.to_lowercase()
        )),
        "{explained}"
    );
    let mut shown = explained + &stack.gateway.output();
    for page in [
        "/config",
        "/status.json",
        "/routes",
        "/metrics",
        "/jwks.json",
    ] {
        shown += &stack.admin(page).text();
    }
    let secrets = key.lines().filter(|line| !line.starts_with('-'));
    for secret in secrets.chain([signature]) {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(!shown.contains("PRIVATE KEY"));
}

#[test]
fn a_gateway_without_a_key_does_not_start_and_says_how_to_make_one() {
    let config = "
sessions: {local: {memory: {}}}
routes: [{upstream: 'unix:app.sock', identity: assertion}]
";
    let stack = stack(config).spawn();
    let checked = stack.command(&["check", "gate.yaml"]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!(checked.status.code(), Some(3), "{said}");
    assert!(
        said.contains("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
        "{said}"
    );
}
