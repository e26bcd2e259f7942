//! Signed tokens of the test's own making (RFC 7515 §7.1).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sessiongate::clock::Now;

/// Signed with a shared secret, HS256.
pub(crate) fn hs256(claims: &Value, secret: &str) -> String {
    let signing = signing_input(&json!({"alg": "HS256", "typ": "JWT"}), claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, signing.as_bytes());
    format!("{signing}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// An issuer with a P-256 key.
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    kid: String,
}

impl Issuer {
    pub(crate) fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random);
        Self {
            key: key.expect("its own document"),
            kid: kid.to_owned(),
        }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": self.kid, "typ": "JWT"});
        let signing = signing_input(&header, claims);
        let signature = self.key.sign(&SystemRandom::new(), signing.as_bytes());
        let signature = signature.expect("a signature");
        format!("{signing}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// As it stands in a JWK set.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        })
    }
}

/// Seconds since 1970, so many from now.
pub(crate) fn seconds_from_now(seconds: i64) -> i64 {
    let now_ms = Now::read().wall.0;
    i64::try_from(now_ms / 1_000).expect("soon") + seconds
}

/// A cookie of cookie-session and its signature (features.md A.5).
pub(crate) fn cookie_session(name: &str, session: &Value, key: &str) -> (String, String) {
    let value = STANDARD.encode(session.to_string());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let tag = hmac::sign(&key, format!("{name}={value}").as_bytes());
    (value, URL_SAFE_NO_PAD.encode(tag))
}

fn signing_input(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}
