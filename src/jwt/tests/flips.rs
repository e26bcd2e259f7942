//! Whatever is done to a good token, it is no good token any more.

use super::issuer::{Issuer, NOW, key_set, outcome, settings, verifier};
use crate::jwt::{Algorithm, KeySet};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::Value;
use std::task::{Context, Poll, Waker};
use x509_parser::pem;

const VECTORS: &str = include_str!("../../../tests/fixtures/jwt/vectors.json");

/// Fixed keys never wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn each_other_byte_at_each_place_is_refused() {
    let issuer = Issuer::new("k");
    let verifier = verifier(settings(&[Algorithm::Es256]), key_set(&[issuer.jwk()]));
    let token = issuer.token();
    assert!(at_once(outcome(&verifier, &token)).is_ok());
    for (place, byte) in token.bytes().enumerate() {
        let flipped = (0..7).map(|bit| char::from(byte ^ 1 << bit));
        for other in flipped.chain(['A', '_', '-', '.', '=', '+', ' ', 'é']) {
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            let is_refused = at_once(outcome(&verifier, &changed)).is_err();
            assert!(
                is_refused || changed == token,
                "{other:?} at {place} of {token}"
            );
        }
        for shorter in [&token[..place], &token[place + 1..]] {
            assert!(at_once(outcome(&verifier, shorter)).is_err(), "{shorter}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics_or_is_believed(token in "\\PC{0,200}|([A-Za-z0-9_-]{0,40}\\.){2}[A-Za-z0-9_-]{0,90}") {
        let issuer = Issuer::new("k");
        let verifier = verifier(settings(&[Algorithm::Es256]), key_set(&[issuer.jwk()]));
        prop_assert!(at_once(verifier.verify(&token, NOW)).is_err());
    }

    #[test]
    fn no_document_panics(
        (name, label) in prop::sample::select(vec![
            ("pkcs1", "RSA PUBLIC KEY"),
            ("certificate", "CERTIFICATE"),
            ("p521", "PUBLIC KEY"),
        ]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in 0_usize..40,
    ) {
        let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
        let block = pem::parse_x509_pem(vectors[name].as_str().expect("a string").as_bytes());
        let mut der = block.expect("a block").1.contents;
        der.truncate(der.len() - cut);
        for (place, byte) in flips {
            let place = place.index(der.len());
            der[place] = byte;
        }
        let content = STANDARD.encode(der);
        let _ = KeySet::from_pem(&format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n"));
        let mut jwks = vectors["jwks"].to_string();
        jwks.truncate(jwks.len() - cut);
        let _ = KeySet::from_jwks(jwks.as_bytes());
    }

    #[test]
    fn no_text_is_a_key_set_by_chance(text in "\\PC{0,200}|-----BEGIN [A-Z ]{0,20}-----\n[A-Za-z0-9+/=\n]{0,90}(-----END)?") {
        prop_assert!(KeySet::from_pem(&text).is_err());
        prop_assert!(KeySet::from_jwks(text.as_bytes()).is_err());
    }
}
