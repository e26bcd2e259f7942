//! Which documents are key sets, and which key of a set is asked.

use super::issuer::{Issuer, claims, key_set, mac, outcome, settings, verifier};
use crate::jwt::{Algorithm, KeyFault, KeySet, KeySetError, Keys, UnfitKeys, Verifier};
use crate::secret::Secret;
use crate::token::FlawKind;
use serde_json::{Value, json};

fn named(key_id: Option<&str>, mut jwk: Value) -> Value {
    let members = jwk.as_object_mut().expect("an object");
    match key_id {
        Some(key_id) => members.insert("kid".to_owned(), key_id.into()),
        None => members.remove("kid"),
    };
    jwk
}

#[test]
fn a_document_that_is_no_key_set_is_refused() {
    let jwk = Issuer::new("k").jwk();
    let many = |count: usize| json!({"keys": vec![jwk.clone(); count]}).to_string();
    let largest = format!("{}{}", many(1), " ".repeat(256 * 1024 - many(1).len()));
    let (too_many, too_large) = (many(65), format!("{largest} "));
    let twice = many(1).replacen('{', r#"{"keys":[],"#, 1);
    assert!(KeySet::from_jwks(many(64).as_bytes()).is_ok());
    assert!(KeySet::from_jwks(largest.as_bytes()).is_ok());
    let cases = [
        ("", KeySetError::NotASet("is not JSON")),
        ("<html>", KeySetError::NotASet("is not JSON")),
        ("[]", KeySetError::NotASet("is not a JSON object")),
        ("{}", KeySetError::NotASet("has no array `keys`")),
        (
            r#"{"keys":{}}"#,
            KeySetError::NotASet("has no array `keys`"),
        ),
        (&twice, KeySetError::NotASet("has a member twice")),
        (r#"{"keys":[]}"#, KeySetError::NothingUsable(Vec::new())),
        (&too_many, KeySetError::TooManyKeys),
        (&too_large, KeySetError::TooLarge),
    ];
    for (document, expected) in cases {
        let shown: String = document.chars().take(60).collect();
        assert_eq!(
            KeySet::from_jwks(document.as_bytes()),
            Err(expected),
            "{shown}"
        );
    }
}

#[test]
fn a_key_that_is_not_written_as_one_is_skipped() {
    let good = Issuer::new("k").jwk();
    let with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        jwk
    };
    let x = good["x"].as_str().expect("a string");
    let cases = [
        (json!(1), KeyFault::Malformed),
        (with("kty", json!(1)), KeyFault::Malformed),
        (with("kty", json!("ec")), KeyFault::UnknownType),
        (with("kty", json!("RSA")), KeyFault::Malformed),
        (with("crv", json!("secp256k1")), KeyFault::UnknownType),
        (with("crv", json!("P-384")), KeyFault::Malformed),
        (with("crv", json!(null)), KeyFault::Malformed),
        (with("x", json!(format!("{x}="))), KeyFault::Malformed),
        (with("x", json!(&x[1..])), KeyFault::Malformed),
        (with("x", json!("AAAA")), KeyFault::Malformed),
        (with("y", json!(x)), KeyFault::NotOnCurve),
        (with("d", json!("AAAA")), KeyFault::Private),
        (with("use", json!("enc")), KeyFault::OtherUse),
        (with("use", json!(["sig"])), KeyFault::Malformed),
        (with("key_ops", json!(["sign"])), KeyFault::OtherUse),
        (with("key_ops", json!([])), KeyFault::OtherUse),
        (with("key_ops", json!("verify")), KeyFault::Malformed),
        (with("alg", json!("ES384")), KeyFault::OtherAlgorithm),
        (with("alg", json!("ES512")), KeyFault::OtherAlgorithm),
        (with("alg", json!(256)), KeyFault::Malformed),
        (with("kid", json!(7)), KeyFault::Malformed),
    ];
    for (jwk, expected) in cases {
        let document = json!({"keys": [jwk]}).to_string();
        let Err(KeySetError::NothingUsable(skipped)) = KeySet::from_jwks(document.as_bytes())
        else {
            panic!("{document}");
        };
        assert_eq!(skipped[0].fault, expected, "{document}");
    }
    let usual = with("use", json!("sig"));
    let set = key_set(&[
        usual,
        with("key_ops", json!(["verify"])),
        with("alg", json!("ES256")),
    ]);
    assert_eq!((set.usable(), set.skipped()), (3, [].as_slice()));
}

#[test]
fn the_message_names_the_place_and_the_reason() {
    let document = json!({"keys": [{"kty": "oct", "k": "hunter2"}, {"kty": "AKP"}, {}, {}]});
    let error = KeySet::from_jwks(document.to_string().as_bytes()).expect_err("nothing usable");
    let shown = error.to_string();
    let start = "has no key that can be used: key 1 is a shared secret; a key set holds public keys alone; key 2 ";
    assert!(shown.starts_with(start), "{shown}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("key 4"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_named_key_is_asked_or_else_those_without_a_name() {
    let (one, two) = (Issuer::new("1"), Issuer::new("2"));
    let as_one = |who: &Issuer| named(Some("1"), who.jwk());
    let nameless = |who: &Issuer| named(None, who.jwk());
    let token = one.token();
    let without = one.sign(&json!({"alg": "ES256"}).to_string(), &claims().to_string());
    let crowd: Vec<Value> = (0..8).map(|_| nameless(&Issuer::new("x"))).collect();
    let behind_seven = [&crowd[1..], &[nameless(&one)]].concat();
    let behind_eight = [&crowd, [nameless(&one)].as_slice()].concat();
    let of_another_kind = |jwk: Value| json!({"kty": "OKP", "crv": "Ed25519", "x": jwk["x"]});
    let others: Vec<Value> = crowd.iter().cloned().map(of_another_kind).collect();
    let behind_others = [&others, [nameless(&one)].as_slice()].concat();
    let cases = [
        ("the named", vec![two.jwk(), one.jwk()], true, true),
        (
            "another of that name",
            vec![as_one(&two), nameless(&one)],
            false,
            true,
        ),
        (
            "two of that name",
            vec![as_one(&two), as_one(&one)],
            true,
            true,
        ),
        (
            "another name",
            vec![named(Some("2"), one.jwk())],
            false,
            true,
        ),
        ("no name", vec![two.jwk(), nameless(&one)], true, true),
        ("the eighth", behind_seven, true, true),
        ("the ninth", behind_eight, false, false),
        ("the first of its kind", behind_others, true, true),
    ];
    for (name, jwks, with_name, without_name) in cases {
        let verifier = verifier(settings(&[Algorithm::Es256]), key_set(&jwks));
        assert_eq!(
            outcome(&verifier, &token).await.is_ok(),
            with_name,
            "{name}"
        );
        assert_eq!(
            outcome(&verifier, &without).await.is_ok(),
            without_name,
            "{name}"
        );
    }
}

#[tokio::test]
async fn secrets_rotate_and_short_ones_are_counted() {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    let (old, new) = ("o".repeat(32), "n".repeat(31));
    let keys = KeySet::from_secrets([secret(&new), secret(&old)]).expect("two secrets");
    let only = settings(&[Algorithm::Hs256]);
    assert_eq!(keys.weak_secrets(&only.algorithms), 1);
    assert!(!format!("{keys:?}").contains("110"), "{keys:?}");
    let verifier = verifier(only, keys);
    let header = json!({"alg": "HS256", "kid": "any"}).to_string();
    for (secret, expected) in [
        (old.as_str(), Ok(())),
        (new.as_str(), Ok(())),
        ("other", Err(FlawKind::Signature)),
    ] {
        let token = mac(&header, &claims().to_string(), secret.as_bytes());
        let found = outcome(&verifier, &token).await.map(|_| ());
        assert_eq!(found, expected, "{secret}");
    }
    let empty = KeySet::from_secrets([secret(&old), secret("")]);
    assert_eq!(empty, Err(KeySetError::EmptySecret));
}

#[test]
fn keys_that_fit_no_algorithm_are_refused_at_once() {
    let keys = || Keys::Fixed(key_set(&[Issuer::new("k").jwk()]));
    for algorithm in [Algorithm::Rs256, Algorithm::Es384, Algorithm::Hs256] {
        let made = Verifier::new(settings(&[algorithm]), keys());
        assert_eq!(made.err(), Some(UnfitKeys), "{algorithm}");
    }
    let some = settings(&[Algorithm::Rs256, Algorithm::Es256]);
    assert!(Verifier::new(some, keys()).is_ok());
}
