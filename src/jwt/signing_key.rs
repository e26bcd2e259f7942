//! `SigningKey`: a private key that signs tokens of our own, and the public one that others check them with.

use super::public_jwk::{Form, PublicJwk};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, Signature,
};
use serde::Serialize;
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;
use x509_parser::pem::Pem;

/// With which kind of key (RFC 7518 §3.4, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// The `alg` of a token's header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Why a text is no key to sign with. Quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SigningKeyError {
    /// No PEM, or none of a private key.
    #[error("not a private key in PEM")]
    NotAKey,
    /// A passphrase is asked for, and there is nobody to ask.
    #[error("the key is encrypted")]
    Encrypted,
    /// The older forms of RFC 5915 and PKCS#1.
    #[error("the key is not in PKCS#8")]
    NotPkcs8,
    /// RSA, another curve, or damaged.
    #[error("neither a P-256 nor an Ed25519 key")]
    OtherKind,
}

/// The system gave no randomness, or the claims cannot be written as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the token could not be signed")]
pub struct SigningError;

/// A clone shares the key. Two are equal if their public keys are.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    pair: Pair,
    public: PublicJwk,
    /// The first part of every token, encoded.
    header: String,
}

enum Pair {
    P256(Box<EcdsaKeyPair>, SystemRandom),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a PKCS#8 key in PEM (RFC 5958, RFC 7468), as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_pem(pem: &Secret<String>) -> Result<Self, SigningKeyError> {
        for block in Pem::iter_from_buffer(pem.expose().as_bytes()) {
            let block = block.map_err(|_| SigningKeyError::NotAKey)?;
            let der = Secret::new(block.contents);
            match block.label.as_str() {
                "PRIVATE KEY" => return Pair::from_pkcs8(der.expose()).map(Self::new),
                "ENCRYPTED PRIVATE KEY" => return Err(SigningKeyError::Encrypted),
                label if label.ends_with("PRIVATE KEY") => return Err(SigningKeyError::NotPkcs8),
                // Such as the parameters that stand before a key of RFC 5915.
                _ => {}
            }
        }
        Err(SigningKeyError::NotAKey)
    }

    fn new(pair: Pair) -> Self {
        let public = PublicJwk::new(pair.form(), pair.algorithm().as_str());
        let header = json!({"alg": pair.algorithm().as_str(), "kid": public.kid(), "typ": "JWT"});
        Self(Arc::new(Inner {
            header: URL_SAFE_NO_PAD.encode(header.to_string()),
            public,
            pair,
        }))
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.0.pair.algorithm()
    }

    /// The key that others check its tokens with.
    #[must_use]
    pub fn public(&self) -> &PublicJwk {
        &self.0.public
    }

    /// A token of these claims in compact form (RFC 7515 §7.1), its header naming the key.
    ///
    /// # Errors
    /// When the system has no randomness, or the claims are nothing that JSON can say.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SigningError> {
        let claims = serde_json::to_vec(claims).map_err(|_| SigningError)?;
        let mut token = self.0.header.clone();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.0.pair.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

impl Pair {
    fn from_pkcs8(der: &[u8]) -> Result<Self, SigningKeyError> {
        // OpenSSL leaves the public key out of an Ed25519 key; there is nothing to compare it with.
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self::Ed25519(pair));
        }
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random);
        let pair = pair.map_err(|_| SigningKeyError::OtherKind)?;
        Ok(Self::P256(Box::new(pair), random))
    }

    fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::P256(..) => SigningAlgorithm::Es256,
            Self::Ed25519(_) => SigningAlgorithm::EdDsa,
        }
    }

    fn form(&self) -> Form<'_> {
        match self {
            Self::P256(pair, _) => Form::P256(pair.public_key().as_ref()),
            Self::Ed25519(pair) => Form::Ed25519(pair.public_key().as_ref()),
        }
    }

    fn sign(&self, text: &[u8]) -> Result<Signature, SigningError> {
        match self {
            Self::P256(pair, random) => pair.sign(random, text).map_err(|_| SigningError),
            Self::Ed25519(pair) => Ok(pair.sign(text)),
        }
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.public == other.0.public
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = self.algorithm().as_str();
        write!(f, "SigningKey({algorithm} {})", self.0.public.kid())
    }
}

#[cfg(test)]
mod tests {
    use super::{SigningAlgorithm, SigningKey, SigningKeyError};
    use crate::secret::Secret;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
    use serde_json::{Value, json};

    /// RFC 8410 §10.3: without the public key, as OpenSSL writes it.
    const ED25519_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

    fn made(algorithm: &'static rcgen::SignatureAlgorithm) -> String {
        let pair = rcgen::KeyPair::generate_for(algorithm);
        pair.expect("a key").serialize_pem()
    }

    fn read(pem: &str) -> Result<SigningKey, SigningKeyError> {
        SigningKey::from_pem(&Secret::new(pem.to_owned()))
    }

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// Checks with what the JWK says and nothing else; gives header and claims.
    fn checked(token: &str, jwk: &Value) -> (Value, Value) {
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let (header, claims) = signed.split_once('.').expect("three parts");
        let point = |name: &str| decoded(jwk[name].as_str().expect(name));
        let (algorithm, key): (&dyn ring::signature::VerificationAlgorithm, Vec<u8>) =
            match jwk["crv"].as_str() {
                Some("P-256") => (
                    &ECDSA_P256_SHA256_FIXED,
                    [vec![4], point("x"), point("y")].concat(),
                ),
                _ => (&ED25519, point("x")),
            };
        let verified =
            UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &decoded(signature));
        assert_eq!(verified, Ok(()), "{token}");
        let json = |part: &str| serde_json::from_slice(&decoded(part)).expect("JSON");
        (json(header), json(claims))
    }

    #[test]
    fn a_token_verifies_under_the_published_key_that_it_names() {
        for (pem, algorithm, kty) in [
            (
                made(&rcgen::PKCS_ECDSA_P256_SHA256),
                SigningAlgorithm::Es256,
                "EC",
            ),
            (made(&rcgen::PKCS_ED25519), SigningAlgorithm::EdDsa, "OKP"),
            (ED25519_KEY.to_owned(), SigningAlgorithm::EdDsa, "OKP"),
        ] {
            let key = read(&pem).expect("a key");
            assert_eq!(key.algorithm(), algorithm);
            let jwk = key.public().to_json();
            let claims = json!({"sub": "u-17", "aud": "Zoë"});
            let token = key.sign(&claims).expect("signed");
            let (header, told) = checked(&token, &jwk);
            assert_eq!(
                header,
                json!({"alg": algorithm.as_str(), "kid": jwk["kid"], "typ": "JWT"})
            );
            assert_eq!(told, claims);
            assert_eq!(
                (&jwk["kty"], &jwk["alg"], &jwk["use"]),
                (&json!(kty), &json!(algorithm.as_str()), &json!("sig"))
            );
        }
    }

    #[test]
    fn what_is_no_key_to_sign_with_is_told_apart() {
        use SigningKeyError::{Encrypted, NotAKey, NotPkcs8, OtherKind};
        let p256 = made(&rcgen::PKCS_ECDSA_P256_SHA256);
        let labelled = |label: &str| {
            let body = p256.lines().filter(|line| !line.starts_with('-'));
            let body: Vec<&str> = body.collect();
            format!(
                "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
                body.join("\n")
            )
        };
        let cases = [
            (String::new(), NotAKey),
            ("hunter2".to_owned(), NotAKey),
            (p256.replace("MIG", "????"), NotAKey),
            (labelled("PUBLIC KEY"), NotAKey),
            (labelled("EC PRIVATE KEY"), NotPkcs8),
            (labelled("RSA PRIVATE KEY"), NotPkcs8),
            (labelled("ENCRYPTED PRIVATE KEY"), Encrypted),
            (made(&rcgen::PKCS_ECDSA_P384_SHA384), OtherKind),
            (p256.replacen("MIG", "MIH", 1), OtherKind),
        ];
        for (pem, expected) in cases {
            assert_eq!(read(&pem).err(), Some(expected), "{pem}");
        }
    }

    #[test]
    fn keys_are_equal_by_their_public_part_and_show_nothing_else() {
        let p256 = made(&rcgen::PKCS_ECDSA_P256_SHA256);
        let (one, same, other) = (read(&p256), read(&p256), read(ED25519_KEY));
        assert!(one == same && one != other);
        let one = one.expect("a key");
        let kid = one.public().kid();
        assert_eq!(format!("{one:?}"), format!("SigningKey(ES256 {kid})"));
    }
}
