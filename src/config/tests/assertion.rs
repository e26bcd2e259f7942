//! `assertion:` and the routes that write one.

use super::{compile, compile_in, good, line};
use crate::headers::{AssertionHeader, Profile};
use crate::jwt::SigningAlgorithm;
use crate::policy::OnDisabled;
use crate::route::Endpoint;
use std::time::Duration;

/// RFC 8410 §10.3.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----";

fn p256() -> String {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256);
    pair.expect("a key").serialize_pem()
}

#[test]
fn the_section_and_its_routes_are_read() {
    let text = "listen: :80
upstreams: {blog: 'a:1'}
sessions: {memory: }
assertion: {issuer: 'https://gate.test', algorithm: EdDSA, keys: [{env: NEW}, {env: OLD}], lifetime: 2m, header: X-Who}
routes:
  - {host: a, upstream: blog, identity: assertion}
  - {host: b, upstream: blog, identity: [skygear, {profile: assertion, audience: 'urn:b', header: X-B}], whoami: true}
  - {host: c, upstream: 'c:1', identity: {profile: assertion}}
  - {host: d, upstream: 'c:1', identity: skygear}
";
    let old = p256();
    let loaded = compile_in(text, &[("NEW", ED25519), ("OLD", &old)]).expect(text);
    assert_eq!(loaded.warnings, []);
    let settings = loaded.blueprint.assertion.as_ref().expect("a section");
    let algorithms: Vec<_> = settings.keys.iter().map(|key| key.algorithm()).collect();
    assert_eq!(
        algorithms,
        [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256]
    );
    assert_eq!(settings.lifetime, Duration::from_secs(120));
    let routes = &loaded.blueprint.routes;
    let headers = routes.iter().map(|route| match route.identity.last() {
        Some(Profile::Assertion(AssertionHeader { name, audience })) => {
            format!("{name}: {audience}")
        }
        _ => "none".to_owned(),
    });
    let headers: Vec<_> = headers.collect();
    assert_eq!(headers, ["X-Who: blog", "X-B: urn:b", "X-Who: c:1", "none"]);
    let publishes = |at: usize| routes[at].endpoints.contains(&Endpoint::KeySet);
    assert_eq!([0, 1, 2, 3].map(publishes), [true, true, true, false]);
    assert_eq!(
        routes[0].disabled,
        OnDisabled::Forward,
        "the service is told"
    );
    let shown = loaded.redacted.to_string();
    assert!(
        shown.contains(r#""keys":["<redacted>","<redacted>"]"#) && !shown.contains("PRIVATE"),
        "{shown}"
    );
}

#[test]
fn what_is_left_out_has_a_default() {
    let text = "listen: :80\nassertion: {issuer: gate, keys: {env: KEY}}\nsessions: {memory: }\n\
                routes: [{upstream: 'a:1', identity: assertion}]\n";
    let loaded = compile_in(text, &[("KEY", &p256())]).expect(text);
    let settings = loaded.blueprint.assertion.expect("a section");
    assert_eq!(settings.lifetime, Duration::from_secs(60));
    assert_eq!(settings.header, "X-Sessiongate-Assertion");
    assert_eq!(settings.keys.len(), 1);
    let none = good("listen: :80\nroutes: [{upstream: 'a:1'}]");
    assert_eq!(none.blueprint.assertion, None);
}

#[test]
fn what_cannot_be_signed_is_refused_with_a_remedy() {
    let text = "listen: :80
sessions: {memory: }
assertion: {issuer: 'a \"b\"', keys: [{env: ED}, {env: ED}, {env: SEC1}, {env: LOCKED}, {env: JUNK}], lifetime: 5s, header: Host}
routes:
  - {host: a, upstream: 'a:1', identity: [assertion, {profile: assertion, header: X-B}]}
  - {host: b, upstream: 'a:1', identity: {profile: skygear, audience: b}}
  - {host: c, upstream: 'a:1', identity: [hasura, {profile: assertion, header: X-Hasura-Who}]}
";
    let sec1 = p256().replace("PRIVATE KEY", "EC PRIVATE KEY");
    let locked = p256().replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let variables = [
        ("ED", ED25519),
        ("SEC1", &sec1),
        ("LOCKED", &locked),
        ("JUNK", "hunter2"),
    ];
    let issues = compile_in(text, &variables).expect_err("nothing of it is right");
    let seen: Vec<String> = issues.iter().map(line).collect();
    let expected = "\
3:21 assertion.issuer: not a name that a token can carry [1 to 256 bytes of visible ASCII without quotes and backslashes]
3:37 assertion.keys[0]: the first key signs, and with EdDSA, not ES256 [`algorithm: EdDSA`, or another key first]
3:48 assertion.keys[1]: this key stands here twice [remove one]
3:59 assertion.keys[2]: the key is not in PKCS#8 [convert it with: openssl pkcs8 -topk8 -nocrypt -in OLD -out assertion.pem]
3:72 assertion.keys[3]: the key is encrypted [convert it with: openssl pkcs8 -topk8 -nocrypt -in OLD -out assertion.pem]
3:87 assertion.keys[4]: not a private key in PEM [make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out assertion.pem]
3:111 assertion.lifetime: out of range [from 10s to 10m]
3:123 assertion.header: an assertion cannot stand in this header [choose a name of your own, such as X-Assertion]
5:54 routes[0].identity[1]: a route writes one assertion [remove one]
6:71 routes[1].identity.audience: `audience` is an option of the assertion profile [remove it]
7:51 routes[2].identity[1]: an earlier profile of this route writes these headers [remove one]";
    assert_eq!(seen, expected.lines().collect::<Vec<_>>());
}

#[test]
fn a_section_without_keys_says_how_to_make_one() {
    let text =
        "listen: :80\nassertion: {issuer: gate, algorithm: EdDSA}\nroutes: [{upstream: 'a:1'}]\n";
    let issues = compile(text).expect_err("no keys");
    let seen: Vec<String> = issues.iter().map(line).collect();
    assert_eq!(
        seen,
        [
            "2:12 assertion: missing key `keys` [make one with: openssl genpkey -algorithm ED25519 -out assertion.pem]"
        ]
    );
}

#[test]
fn a_key_in_the_file_itself_is_warned_of_and_never_shown() {
    let key = p256().replace('\n', "\\n");
    let text = format!(
        "listen: :80\nassertion: {{issuer: gate, keys: [\"{key}\"]}}\nroutes: [{{upstream: 'a:1'}}]\n"
    );
    let loaded = good(&text);
    let [warning] = loaded.warnings.as_slice() else {
        panic!("{:?}", loaded.warnings)
    };
    let shown = warning.to_string();
    assert!(shown.contains("a secret stands in the file itself"));
    assert!(
        !shown.contains("MIG") && !format!("{loaded:?}").contains("MIG"),
        "{shown}"
    );
}
