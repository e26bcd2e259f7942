//! Tokens and keys that other libraries wrote: `tests/fixtures/jwt/make_vectors.py`.

use super::issuer::{key_set, outcome, settings, verifier};
use crate::jwt::{Algorithm, KeyFault, KeySet, KeySetError};
use crate::secret::Secret;
use crate::token::FlawKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/jwt/vectors.json")).expect("JSON")
}

fn jwks(vectors: &Value) -> KeySet {
    KeySet::from_jwks(vectors["jwks"].to_string().as_bytes()).expect("usable keys")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn tokens<'v>(vectors: &'v Value, name: &str) -> Vec<(Algorithm, &'v str)> {
    let tokens = vectors[name].as_object().expect("an object");
    let read =
        |(word, token): (&String, &'v Value)| (Algorithm::parse(word).expect("known"), text(token));
    tokens.iter().map(read).collect()
}

#[tokio::test]
async fn every_algorithm_is_accepted_alone_and_refused_by_all_others() {
    let vectors = vectors();
    let secrets = || [Secret::new(text(&vectors["secret"]).as_bytes().to_vec())];
    let sets = [
        (tokens(&vectors, "tokens"), jwks(&vectors)),
        (
            tokens(&vectors, "secret_tokens"),
            KeySet::from_secrets(secrets()).expect("one secret"),
        ),
    ];
    for (tokens, keys) in &sets {
        for (allowed, _) in tokens {
            let verifier = verifier(settings(&[*allowed]), keys.clone());
            for (algorithm, token) in tokens {
                let outcome = outcome(&verifier, token).await;
                let said = outcome.map(|claims| Value::Object(claims.members));
                let expected = match algorithm == allowed {
                    true => Ok(vectors["claims"].clone()),
                    false => Err(FlawKind::Signature),
                };
                assert_eq!(said, expected, "{algorithm} where {allowed} is allowed");
            }
        }
    }
    assert_eq!(sets[0].0.len() + sets[1].0.len(), 12);
}

#[test]
fn keys_of_no_use_are_skipped_with_their_reason() {
    let vectors = vectors();
    let keys = jwks(&vectors);
    let faults: Vec<KeyFault> = keys.skipped().iter().map(|skipped| skipped.fault).collect();
    let expected = [
        KeyFault::TooWeak,
        KeyFault::OtherAlgorithm,
        KeyFault::OtherUse,
        KeyFault::OtherUse,
        KeyFault::OtherAlgorithm,
        KeyFault::OtherAlgorithm,
        KeyFault::OtherAlgorithm,
        KeyFault::Shared,
        KeyFault::Private,
    ];
    assert_eq!(faults, expected);
    assert_eq!(vectors["useless"], expected.len());
    assert_eq!(keys.usable(), 4);
    assert_eq!(keys.skipped()[8].position, 9);
}

#[tokio::test]
async fn a_key_that_names_its_algorithm_is_for_no_other_of_its_kind() {
    let vectors = vectors();
    let jwks = vectors["jwks"]["keys"].as_array().expect("an array");
    let mut jwk = jwks
        .iter()
        .find(|jwk| jwk["kid"] == "rsa")
        .cloned()
        .expect("one");
    jwk["alg"] = "PS256".into();
    let keys = key_set(&[jwk]);
    let all = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Ps384];
    let verifier = verifier(settings(&all), keys);
    for (word, expected) in [
        ("PS256", Ok(())),
        ("PS384", Err(FlawKind::Signature)),
        ("RS256", Err(FlawKind::Signature)),
    ] {
        let found = outcome(&verifier, text(&vectors["tokens"][word])).await;
        assert_eq!(found.map(|_| ()), expected, "{word}");
    }
}

#[tokio::test]
async fn pem_holds_the_same_keys() {
    let vectors = vectors();
    let pem = |kid: &str| text(&vectors["pem"][kid]).to_owned();
    let all = ["rsa", "p256", "p384", "ed"].map(pem).concat();
    let files = [
        (all, vec!["RS256", "PS512", "ES256", "ES384", "EdDSA"]),
        (format!("a comment\n{}", pem("ed")), vec!["EdDSA"]),
        (pem("rsa").replace('\n', "\r\n"), vec!["RS384"]),
        (text(&vectors["pkcs1"]).to_owned(), vec!["RS512"]),
        (text(&vectors["certificate"]).to_owned(), vec!["ES256"]),
    ];
    for (file, words) in files {
        let keys = KeySet::from_pem(&file).expect("public keys");
        for word in words {
            let algorithm = Algorithm::parse(word).expect("known");
            let verifier = verifier(settings(&[algorithm]), keys.clone());
            let token = text(&vectors["tokens"][word]);
            assert!(outcome(&verifier, token).await.is_ok(), "{word}:\n{file}");
        }
    }
}

#[test]
fn a_file_without_good_public_keys_says_which_block_is_wrong() {
    let vectors = vectors();
    let good = text(&vectors["pem"]["p256"]);
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let private = STANDARD.encode(pkcs8.expect("random bytes"));
    let block = |label: &str, content: &str| {
        format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n")
    };
    // An Ed25519 key (RFC 8410 §4): whole, with an unused bit, with a byte after its end.
    let info = |unused_bits: u8, rest: &[u8]| {
        let head = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21";
        STANDARD.encode([head, [unused_bits].as_slice(), &[0; 32], rest].concat())
    };
    assert!(KeySet::from_pem(&block("PUBLIC KEY", &info(0, &[]))).is_ok());
    let cases = [
        (block("PUBLIC KEY", &info(1, &[])), 1, KeyFault::Malformed),
        (block("PUBLIC KEY", &info(0, &[0])), 1, KeyFault::Malformed),
        (block("PRIVATE KEY", &private), 1, KeyFault::Private),
        (
            good.to_owned() + &block("EC PRIVATE KEY", "AAAA"),
            2,
            KeyFault::Private,
        ),
        (block("PUBLIC KEY", &private), 1, KeyFault::Malformed),
        (block("PUBLIC KEY", "AAAA"), 1, KeyFault::Malformed),
        (block("PUBLIC KEY", "!"), 1, KeyFault::Malformed),
        (block("CERTIFICATE", "AAAA"), 1, KeyFault::Malformed),
        (
            block("CERTIFICATE REQUEST", "AAAA"),
            1,
            KeyFault::UnknownType,
        ),
        (text(&vectors["p521"]).to_owned(), 1, KeyFault::UnknownType),
        (
            good.to_owned() + text(&vectors["weak"]),
            2,
            KeyFault::TooWeak,
        ),
        (good.replace("-----END", ""), 1, KeyFault::Malformed),
    ];
    for (file, position, fault) in cases {
        let expected = Err(KeySetError::Block { position, fault });
        assert_eq!(KeySet::from_pem(&file), expected, "{file}");
    }
    for file in ["", "ssh-ed25519 AAAA", "\u{feff}"] {
        let expected = Err(KeySetError::NothingUsable(Vec::new()));
        assert_eq!(KeySet::from_pem(file), expected, "{file}");
    }
    assert_eq!(
        KeySet::from_pem(&good.repeat(9)),
        Err(KeySetError::TooManyNameless)
    );
}
