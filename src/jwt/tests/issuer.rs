//! An issuer of tokens, and what a verifier makes of them.

use crate::clock::UnixMillis;
use crate::jwt::{
    Algorithm, Algorithms, Claims, KeySet, Keys, Verifier, VerifierSettings, VerifyError,
};
use crate::token::FlawKind;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// When every test takes place.
pub(super) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

pub(super) const ISSUER: &str = "https://issuer.example";

/// Signs with a P-256 key of its own.
pub(super) struct Issuer {
    pub(super) key_id: &'static str,
    key: EcdsaKeyPair,
}

impl Issuer {
    pub(super) fn new(key_id: &'static str) -> Self {
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("random bytes");
        let key = EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("a key");
        Self { key_id, key }
    }

    pub(super) fn jwk(&self) -> Value {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "kid": self.key_id, "x": encode(x), "y": encode(y)})
    }

    pub(super) fn header(&self) -> Value {
        json!({"alg": "ES256", "typ": "JWT", "kid": self.key_id})
    }

    /// A token that is good in every way.
    pub(super) fn token(&self) -> String {
        self.sign(&self.header().to_string(), &claims().to_string())
    }

    pub(super) fn sign(&self, header: &str, payload: &str) -> String {
        self.sign_text(&format!("{}.{}", encode(header), encode(payload)))
    }

    pub(super) fn sign_text(&self, signed: &str) -> String {
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        format!("{signed}.{}", encode(signature.expect("random bytes")))
    }
}

pub(super) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "data", "sub": "u-17", "jti": "j-1",
        "iat": 1_699_999_990, "exp": 1_700_000_600,
    })
}

pub(super) fn key_set(jwks: &[Value]) -> KeySet {
    let document = json!({"keys": jwks}).to_string();
    KeySet::from_jwks(document.as_bytes()).expect("usable keys")
}

pub(super) fn settings(algorithms: &[Algorithm]) -> VerifierSettings {
    let algorithms = Algorithms::new(algorithms.iter().copied()).expect("of one kind");
    VerifierSettings {
        issuers: vec![ISSUER.to_owned()],
        audiences: vec!["data".to_owned()],
        ..VerifierSettings::new(algorithms)
    }
}

pub(super) fn verifier(settings: VerifierSettings, keys: KeySet) -> Verifier {
    Verifier::new(settings, Keys::Fixed(keys)).expect("keys that fit")
}

/// The claims, or the kind of flaw.
pub(super) async fn outcome(verifier: &Verifier, token: &str) -> Result<Claims, FlawKind> {
    verifier
        .verify(token, NOW)
        .await
        .map_err(|error| match error {
            VerifyError::Flawed(flaw) => flaw.kind,
            VerifyError::KeysUnavailable(away) => panic!("{away}"),
        })
}

pub(super) fn mac(header: &str, payload: &str, secret: &[u8]) -> String {
    let signed = format!("{}.{}", encode(header), encode(payload));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", encode(tag))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
