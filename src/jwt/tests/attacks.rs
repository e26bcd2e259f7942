//! Bad tokens, by the names of research/security.md 1.13.

use super::issuer::{Issuer, claims, encode, key_set, mac, outcome, settings, verifier};
use crate::jwt::{Algorithm, KeySet};
use crate::token::FlawKind::{self, Claims, Expired, Malformed, Signature};
use serde_json::{Value, json};

type Row = (&'static str, String, FlawKind);

/// The header of a good token with these members instead of its own.
fn header(issuer: &Issuer, changes: &Value) -> String {
    changed(issuer.header(), changes)
}

/// `null` takes a member away.
fn changed(mut members: Value, changes: &Value) -> String {
    let own = members.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => own.remove(name),
            value => own.insert(name.clone(), value.clone()),
        };
    }
    members.to_string()
}

#[tokio::test]
async fn every_bad_token_is_refused_for_its_reason() {
    let (issuer, stranger) = (Issuer::new("k"), Issuer::new("k"));
    let keys = key_set(&[issuer.jwk()]);
    let verifier = verifier(settings(&[Algorithm::Es256]), keys);
    assert!(outcome(&verifier, &issuer.token()).await.is_ok());
    let rows = [
        algorithms(&issuer),
        signatures(&issuer, &stranger),
        headers(&issuer),
        foreign_keys(&stranger),
        times(&issuer),
        parties(&issuer),
        payloads(&issuer),
        shapes(&issuer),
        spellings(&issuer),
    ];
    for (name, token, expected) in rows.into_iter().flatten() {
        let found = outcome(&verifier, &token).await.map(|_| ());
        assert_eq!(found, Err(expected), "{name}");
    }
}

fn algorithms(issuer: &Issuer) -> Vec<Row> {
    let payload = claims().to_string();
    let named = |name: &str| issuer.sign(&header(issuer, &json!({"alg": name})), &payload);
    let unsigned = |name: &str| {
        let header = header(issuer, &json!({"alg": name}));
        format!("{}.{}.", encode(header), encode(&payload))
    };
    let text = issuer.header().to_string();
    let twice = text.replacen('{', r#"{"alg":"none","#, 1);
    let escaped = text.replacen('{', r#"{"\u0061lg":"none","#, 1);
    vec![
        ("alg_none", unsigned("none"), Signature),
        ("alg_None_case", unsigned("nOnE"), Signature),
        ("alg_none_signed", named("none"), Signature),
        ("alg_empty", unsigned(""), Signature),
        ("alg_es256_unsigned", unsigned("ES256"), Signature),
        ("alg_lower_case", named("es256"), Signature),
        ("alg_other_of_the_family", named("ES384"), Signature),
        ("alg_other_family", named("RS256"), Signature),
        ("alg_eddsa", named("EdDSA"), Signature),
        (
            "alg_missing",
            issuer.sign(&header(issuer, &json!({"alg": null})), &payload),
            Malformed,
        ),
        (
            "alg_array",
            issuer.sign(&header(issuer, &json!({"alg": ["ES256"]})), &payload),
            Malformed,
        ),
        ("dup_alg", issuer.sign(&twice, &payload), Malformed),
        (
            "dup_alg_escaped",
            issuer.sign(&escaped, &payload),
            Malformed,
        ),
    ]
}

fn signatures(issuer: &Issuer, stranger: &Issuer) -> Vec<Row> {
    let good = issuer.token();
    let signed = good.rsplit_once('.').expect("three parts").0;
    let with = |signature: &[u8]| format!("{signed}.{}", encode(signature));
    // The order of P-256 (SEC 2 §2.4.2).
    let order = [
        [0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00],
        [0xff; 8],
        [0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84],
        [0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51],
    ]
    .concat();
    let der = [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01];
    vec![
        ("es256_zero", with(&[0; 64]), Signature),
        (
            "es256_order",
            with(&[order.as_slice(), &order].concat()),
            Signature,
        ),
        (
            "es256_zero_s",
            with(&[order.as_slice(), &[0; 32]].concat()),
            Signature,
        ),
        ("es256_der", with(&der), Signature),
        ("es256_short", with(&[1; 63]), Signature),
        ("es256_long", with(&[1; 65]), Signature),
        ("es256_empty", with(&[]), Signature),
        ("es256_stranger", stranger.token(), Signature),
    ]
}

/// Signed by the issuer, with these members in the header.
fn headers(issuer: &Issuer) -> Vec<Row> {
    let rows = [
        ("kid_traversal", json!({"kid": "../../dev/null"}), Signature),
        ("kid_sql", json!({"kid": "' OR 1=1 --"}), Signature),
        ("kid_command", json!({"kid": "|/bin/id"}), Signature),
        ("kid_nul", json!({"kid": "k\0"}), Signature),
        ("kid_empty", json!({"kid": ""}), Signature),
        ("kid_huge", json!({"kid": "k".repeat(129)}), Malformed),
        ("kid_number", json!({"kid": 0}), Malformed),
        ("kid_object", json!({"kid": {"k": 1}}), Malformed),
        ("crit_unknown", json!({"crit": ["x"], "x": 1}), Malformed),
        ("crit_empty", json!({"crit": []}), Malformed),
        ("crit_known", json!({"crit": ["exp"], "exp": 1}), Malformed),
        (
            "b64_false",
            json!({"crit": ["b64"], "b64": false}),
            Malformed,
        ),
        ("b64_false_alone", json!({"b64": false}), Malformed),
        ("nested_cty", json!({"cty": "JWT"}), Malformed),
        (
            "nested_cty_long",
            json!({"cty": "application/jwt"}),
            Malformed,
        ),
        ("zip_def", json!({"zip": "DEF"}), Malformed),
        ("enc_in_three_parts", json!({"enc": "A128GCM"}), Malformed),
        ("typ_logout", json!({"typ": "logout+jwt"}), Malformed),
        ("typ_dpop", json!({"typ": "dpop+jwt"}), Malformed),
        ("typ_number", json!({"typ": 1}), Malformed),
    ];
    let sign = |changes: &Value| issuer.sign(&header(issuer, changes), &claims().to_string());
    let signed = rows.map(|(name, changes, expected)| (name, sign(&changes), expected));
    signed.into()
}

/// Signed by somebody else, whose key the header offers.
fn foreign_keys(stranger: &Issuer) -> Vec<Row> {
    let rows = [
        ("jku_own", json!({"jku": "https://evil.example/jwks.json"})),
        ("jku_number", json!({"jku": 1})),
        ("x5u_own", json!({"x5u": "http://169.254.169.254/"})),
        ("embedded_jwk", json!({"jwk": stranger.jwk()})),
        ("jwk_no_kid", json!({"kid": null, "jwk": stranger.jwk()})),
        ("x5c_self", json!({"x5c": ["MIIB"]})),
    ];
    let sign = |changes: &Value| stranger.sign(&header(stranger, changes), &claims().to_string());
    let signed = rows.map(|(name, changes)| (name, sign(&changes), Signature));
    signed.into()
}

fn times(issuer: &Issuer) -> Vec<Row> {
    let rows = [
        ("exp_past", json!({"exp": 1_699_999_970}), Expired),
        ("exp_zero", json!({"exp": 0}), Expired),
        ("exp_missing", json!({"exp": null}), Claims),
        ("exp_string", json!({"exp": "1700000600"}), Claims),
        ("exp_negative", json!({"exp": -1}), Claims),
        ("exp_ms", json!({"exp": 1_700_000_600_000_u64}), Claims),
        ("nbf_future", json!({"nbf": 1_700_000_031}), Claims),
        ("nbf_string", json!({"nbf": "1"}), Claims),
        ("iat_future", json!({"iat": 1_700_000_031}), Claims),
        ("iat_string", json!({"iat": "1"}), Claims),
    ];
    let says = |changes: &Value| changed(claims(), changes);
    let payloads = rows.map(|(name, changes, expected)| (name, says(&changes), expected));
    signed(issuer, payloads.into())
}

fn parties(issuer: &Issuer) -> Vec<Row> {
    let rows = [
        ("iss_missing", json!({"iss": null})),
        ("iss_wrong", json!({"iss": "https://issuer.example.evil"})),
        ("iss_slash", json!({"iss": "https://issuer.example/"})),
        ("iss_array", json!({"iss": ["https://issuer.example"]})),
        ("aud_missing", json!({"aud": null})),
        ("aud_wrong", json!({"aud": "dat"})),
        ("aud_empty", json!({"aud": []})),
        ("aud_joined", json!({"aud": "data,other"})),
        ("aud_nested", json!({"aud": [["data"]]})),
        ("aud_mixed", json!({"aud": ["data", 1]})),
        ("sub_empty", json!({"sub": ""})),
        ("sub_number", json!({"sub": 17})),
        ("jti_number", json!({"jti": 17})),
    ];
    let says = |changes: &Value| changed(claims(), changes);
    let payloads = rows.map(|(name, changes)| (name, says(&changes), Claims));
    signed(issuer, payloads.into())
}

fn payloads(issuer: &Issuer) -> Vec<Row> {
    let text = claims().to_string();
    let until = |end: &str| text.replace("1700000600", end);
    let twice = text.replacen('{', r#"{"exp":4102444800,"#, 1);
    let payloads = vec![
        ("exp_null", until("null"), Claims),
        ("exp_infinite", until("1e999"), Malformed),
        ("dup_exp", twice, Malformed),
        ("payload_array", "[]".to_owned(), Malformed),
        ("payload_string", "\"sub\"".to_owned(), Malformed),
        ("payload_empty", String::new(), Malformed),
        ("payload_two_values", text.repeat(2), Malformed),
        ("nested_payload", issuer.token(), Malformed),
    ];
    signed(issuer, payloads)
}

/// Tokens of the issuer with these payloads.
fn signed(issuer: &Issuer, payloads: Vec<Row>) -> Vec<Row> {
    let header = issuer.header().to_string();
    let sign = |(name, payload, expected): Row| (name, issuer.sign(&header, &payload), expected);
    payloads.into_iter().map(sign).collect()
}

fn shapes(issuer: &Issuer) -> Vec<Row> {
    let (good, text) = (issuer.token(), issuer.header().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let json_form = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    let pbes2 =
        json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_000_000_000, "p2s": "AA"});
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(1500), "]".repeat(1500));
    vec![
        (
            "five_parts",
            format!("{good}.{}.{}", parts[1], parts[2]),
            Malformed,
        ),
        ("four_parts", format!("{good}.{}", parts[2]), Malformed),
        ("two_parts", format!("{}.{}", parts[0], parts[1]), Malformed),
        (
            "pbes2_bomb",
            format!("{}.AA.AA.AA.AA", encode(pbes2.to_string())),
            Malformed,
        ),
        (
            "pbes2_three",
            format!("{}.AA.AA", encode(pbes2.to_string())),
            Malformed,
        ),
        (
            "size_1m",
            format!("{good}{}", "A".repeat(1 << 20)),
            Malformed,
        ),
        (
            "size_limit",
            issuer.sign(&text, &json!({"x": "y".repeat(8192)}).to_string()),
            Malformed,
        ),
        ("dots_1m", ".".repeat(1 << 20), Malformed),
        ("dots_8k", ".".repeat(8 << 10), Malformed),
        ("depth_bomb", issuer.sign(&text, &deep), Malformed),
        ("depth_bomb_header", issuer.sign(&deep, "{}"), Malformed),
        ("json_serialization", json_form.to_string(), Malformed),
        (
            "json_polyglot",
            format!(r#"{{"a":".{}.{}","b":{json_form}}}"#, parts[1], parts[2]),
            Malformed,
        ),
    ]
}

fn spellings(issuer: &Issuer) -> Vec<Row> {
    let (good, text) = (issuer.token(), issuer.header().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let padded = |part: &str| {
        let padding = "=".repeat((4 - part.len() % 4) % 4);
        format!("{part}{padding}")
    };
    // 64 bytes leave four bits of the last digit unused.
    let (head, last) = parts[2].split_at(85);
    let stray = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        _ => "x",
    };
    // `{} ` and `{}`: signed as they are spelled.
    let spelled = |payload: &str| issuer.sign_text(&format!("{}.{payload}", encode(&text)));
    vec![
        (
            "b64_padded",
            format!("{}.{}.{}", parts[0], parts[1], padded(parts[2])),
            Malformed,
        ),
        (
            "b64_trailing_bits",
            format!("{}.{}.{head}{stray}", parts[0], parts[1]),
            Malformed,
        ),
        ("b64_newline", format!("{good}\n"), Malformed),
        ("b64_blank", format!(" {good}"), Malformed),
        ("b64_percent", good.replacen('.', "%2e", 1), Malformed),
        ("b64_signed_padding", spelled("e30="), Malformed),
        ("b64_signed_trailing_bits", spelled("e31"), Malformed),
        ("b64_signed_plain", spelled("{}"), Malformed),
        ("b64_signed_standard", spelled("eyI/Ijp+fQ"), Malformed),
    ]
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let issuer = Issuer::new("k");
    let (jwk, payload) = (issuer.jwk(), claims().to_string());
    let header = json!({"alg": "HS256", "kid": "k"}).to_string();
    let x = jwk["x"].as_str().expect("a string").to_owned();
    let verifier = verifier(
        settings(&[Algorithm::Es256]),
        key_set(std::slice::from_ref(&jwk)),
    );
    let secrets = [
        ("hs256_jwk", jwk.to_string()),
        ("hs256_x", x),
        ("hs256_kid", "k".to_owned()),
        ("hs256_empty", String::new()),
        ("hs256_secret", "secret".to_owned()),
    ];
    for (name, secret) in secrets {
        let token = mac(&header, &payload, secret.as_bytes());
        let found = outcome(&verifier, &token).await.map(|_| ());
        assert_eq!(found, Err(Signature), "{name}");
    }
    let oct = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}]}).to_string();
    assert!(KeySet::from_jwks(oct.as_bytes()).is_err());
}
