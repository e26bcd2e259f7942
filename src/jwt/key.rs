//! `Key`: one key that tokens may be signed with, fit for use from the moment it exists.

use super::algorithm::{Algorithm, Family};
use crate::secret::Secret;
use ring::agreement::{self, EphemeralPrivateKey, agree_ephemeral};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use std::fmt;
use thiserror::Error;

/// A key, what it is called, and what it may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// `kid`, where its owner gave it one.
    pub(super) id: Option<Box<str>>,
    /// The only algorithm it is meant for, where its owner said so.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) material: Material,
}

/// What the mathematics needs. Made by the constructors below, which refuse what ring would refuse at every token.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Material {
    /// Big-endian, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// An uncompressed point (SEC 1 §2.3.3).
    P256(Vec<u8>),
    /// The same on the larger curve.
    P384(Vec<u8>),
    /// RFC 8032 §5.1.5.
    Ed25519([u8; 32]),
    /// A shared secret.
    Hmac(Secret<Vec<u8>>),
}

/// Why a key is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// `kty`, `crv` or an object identifier that is not known here.
    #[error("is of a type that is not supported; RSA, P-256, P-384 and Ed25519 are")]
    UnknownType,
    /// `use` or `key_ops` speak of something else.
    #[error("is not meant for verifying signatures")]
    OtherUse,
    /// `alg` names an algorithm that is not known here, or one of another kind of key.
    #[error("is meant for an algorithm that is not supported, or that does not go with its type")]
    OtherAlgorithm,
    /// RSA below 2048 bits, or with an exponent below 3.
    #[error("is too weak; RSA keys have 2048 bits at least")]
    TooWeak,
    /// RSA above 8192 bits, or with an exponent above 33 bits: checking a signature would take too long.
    #[error("is too large; RSA keys have 8192 bits at most")]
    TooLarge,
    /// Coordinates that lie on no curve.
    #[error("is not a point of its curve")]
    NotOnCurve,
    /// A part is missing, of a wrong type or length, or not canonical base64url.
    #[error("is not written as a key of its type is")]
    Malformed,
    /// Whoever can read it can sign.
    #[error("is a private key; publish and configure the public one alone")]
    Private,
    /// A secret in a document that is meant to be read by everybody.
    #[error("is a shared secret; a key set holds public keys alone")]
    Shared,
}

impl Key {
    /// Whether a token that is signed so may be checked with this key.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.material.family() == algorithm.family()
            && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Whether the signature is this key's. `false` for an algorithm the key does not fit.
    pub(super) fn has_signed(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.fits(algorithm) && self.material.has_signed(algorithm, message, signature)
    }
}

impl Material {
    /// Leading zeros do not count.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyFault> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        if !is_odd(modulus) || !is_odd(exponent) {
            return Err(KeyFault::Malformed);
        }
        if bits(modulus) < 2048 || bits(exponent) < 2 {
            return Err(KeyFault::TooWeak);
        }
        if bits(modulus) > 8192 || bits(exponent) > 33 {
            return Err(KeyFault::TooLarge);
        }
        Ok(Self::Rsa {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
        })
    }

    pub(super) fn p256(point: Vec<u8>) -> Result<Self, KeyFault> {
        check_point(&agreement::ECDH_P256, &point)?;
        Ok(Self::P256(point))
    }

    pub(super) fn p384(point: Vec<u8>) -> Result<Self, KeyFault> {
        check_point(&agreement::ECDH_P384, &point)?;
        Ok(Self::P384(point))
    }

    pub(super) fn ed25519(point: &[u8]) -> Result<Self, KeyFault> {
        let point = point.try_into().map_err(|_| KeyFault::Malformed)?;
        Ok(Self::Ed25519(point))
    }

    pub(super) fn family(&self) -> Family {
        match self {
            Self::Rsa { .. } => Family::Rsa,
            Self::P256(_) => Family::P256,
            Self::P384(_) => Family::P384,
            Self::Ed25519(_) => Family::Ed25519,
            Self::Hmac(_) => Family::Hmac,
        }
    }

    fn has_signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let is_public = |how: &'static dyn signature::VerificationAlgorithm, point: &[u8]| {
            let key = UnparsedPublicKey::new(how, point);
            key.verify(message, signature).is_ok()
        };
        match self {
            Self::Rsa { modulus, exponent } => rsa_parameters(algorithm).is_some_and(|how| {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                key.verify(how, message, signature).is_ok()
            }),
            Self::P256(point) => is_public(&signature::ECDSA_P256_SHA256_FIXED, point),
            Self::P384(point) => is_public(&signature::ECDSA_P384_SHA384_FIXED, point),
            Self::Ed25519(point) => is_public(&signature::ED25519, point),
            Self::Hmac(secret) => hmac_hash(algorithm).is_some_and(|hash| {
                let key = hmac::Key::new(hash, secret.expose());
                hmac::verify(&key, message, signature).is_ok()
            }),
        }
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(…)", self.family())
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static signature::RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn hmac_hash(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    Some(match algorithm {
        Algorithm::Hs256 => hmac::HMAC_SHA256,
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => return None,
    })
}

/// ring checks a point where it agrees on a key with it, and says so nowhere else.
fn check_point(curve: &'static agreement::Algorithm, point: &[u8]) -> Result<(), KeyFault> {
    let own = EphemeralPrivateKey::generate(curve, &SystemRandom::new())
        .map_err(|_| KeyFault::NotOnCurve)?;
    let theirs = agreement::UnparsedPublicKey::new(curve, point);
    agree_ephemeral(own, &theirs, |_| ()).map_err(|_| KeyFault::NotOnCurve)
}

fn without_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

/// Of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    (number.len() * 8).saturating_sub(unused as usize)
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyFault, Material};
    use crate::jwt::algorithm::Algorithm;
    use crate::secret::Secret;

    #[test]
    fn rsa_keys_have_2048_to_8192_bits_and_a_usual_exponent() {
        let number = |head: &[u8], bytes: usize| {
            let mut number = head.to_vec();
            number.resize(bytes - 1, 0);
            number.push(1);
            number
        };
        let exponent: &[u8] = &[1, 0, 1];
        let cases = [
            (number(&[0x80], 256), exponent, Ok(())),
            (number(&[0, 0, 0x80], 258), exponent, Ok(())),
            (number(&[0x80], 1024), [0, 3].as_slice(), Ok(())),
            (number(&[0x80], 256), &[1, 0, 0, 0, 1], Ok(())),
            (number(&[0x7f], 256), exponent, Err(KeyFault::TooWeak)),
            (number(&[0x80], 256), &[1], Err(KeyFault::TooWeak)),
            (number(&[0x01], 1025), exponent, Err(KeyFault::TooLarge)),
            (
                number(&[0x80], 256),
                &[3, 0, 0, 0, 1],
                Err(KeyFault::TooLarge),
            ),
            (number(&[0x80], 256), &[2], Err(KeyFault::Malformed)),
            (number(&[0x80], 256), &[], Err(KeyFault::Malformed)),
            (vec![0x80; 256], exponent, Err(KeyFault::Malformed)),
        ];
        for (modulus, exponent, expected) in cases {
            let made = Material::rsa(&modulus, exponent).map(|_| ());
            assert_eq!(made, expected, "{} bytes, {exponent:?}", modulus.len());
        }
    }

    #[test]
    fn a_point_off_its_curve_is_no_key() {
        for point in [vec![], vec![4; 65], vec![2; 33], vec![0]] {
            assert_eq!(Material::p256(point.clone()), Err(KeyFault::NotOnCurve));
            assert_eq!(Material::p384(point), Err(KeyFault::NotOnCurve));
        }
        assert_eq!(Material::ed25519(&[1; 31]), Err(KeyFault::Malformed));
    }

    #[test]
    fn a_secret_never_prints_itself() {
        let key = Key {
            id: None,
            algorithm: Some(Algorithm::Hs256),
            material: Material::Hmac(Secret::new(b"hunter2".to_vec())),
        };
        let shown = format!("{key:?}");
        assert!(shown.contains("Hmac(…)"), "{shown}");
        assert!(
            !shown.contains("104") && !shown.contains("hunter"),
            "{shown}"
        );
    }
}
