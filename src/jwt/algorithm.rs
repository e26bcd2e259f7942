//! `Algorithm` and `Algorithms`: how tokens may be signed (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). Pinned by settings.

use std::fmt;
use thiserror::Error;

/// A signature algorithm that can be checked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// EdDSA, of whose curves Ed25519 alone is known here.
    EdDsa,
    /// The same signature under the name that says the curve.
    Ed25519,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

/// The kind of key an algorithm needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Rsa,
    P256,
    P384,
    Ed25519,
    Hmac,
}

/// A word that names no algorithm of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnknownAlgorithm {
    /// ring has no P-521, secp256k1 or Ed448.
    #[error("is an algorithm that is not supported here; use ES256, ES384 or Ed25519")]
    Unsupported,
    /// `none`, which signs nothing.
    #[error("signs nothing, anybody could write such a token; name the algorithm of the issuer")]
    Unsigned,
    /// Neither of these.
    #[error(
        "is no algorithm; known are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, Ed25519, \
         HS256, HS384 and HS512"
    )]
    Unknown,
}

impl Algorithm {
    /// All, in the order in which they are listed for people.
    pub const ALL: [Self; 13] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Ed25519,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// Reads the registered name, letter case and all.
    pub fn parse(word: &str) -> Result<Self, UnknownAlgorithm> {
        let known = Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == word);
        known.ok_or(match word {
            "ES512" | "ES256K" | "Ed448" => UnknownAlgorithm::Unsupported,
            _ if word.eq_ignore_ascii_case("none") => UnknownAlgorithm::Unsigned,
            _ => UnknownAlgorithm::Unknown,
        })
    }

    /// The registered name, as `alg` says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Whether the key that checks is also the key that signs.
    #[must_use]
    pub fn is_symmetric(self) -> bool {
        self.family() == Family::Hmac
    }

    /// The shortest secret that is as strong as the algorithm, in bytes (RFC 7518 §3.2); `None` where there is no secret.
    #[must_use]
    pub fn shortest_secret_bytes(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
        }
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                Family::Rsa
            }
            Self::Es256 => Family::P256,
            Self::Es384 => Family::P384,
            Self::EdDsa | Self::Ed25519 => Family::Ed25519,
            Self::Hs256 | Self::Hs384 | Self::Hs512 => Family::Hmac,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The algorithms one verifier allows: at least one, and either all of them symmetric or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Algorithms(Vec<Algorithm>);

/// A list of algorithms that no verifier can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AlgorithmsError {
    /// Nothing would be accepted.
    #[error("names no algorithm; name those that the issuer signs with")]
    Empty,
    /// Then a public key could be used as a secret to sign with (RFC 8725 §2.1).
    #[error("names HS algorithms together with others; give each kind a session source of its own")]
    Confusable,
}

impl Algorithms {
    /// Repetitions do not count.
    pub fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Result<Self, AlgorithmsError> {
        let mut distinct = Vec::new();
        for algorithm in algorithms {
            if !distinct.contains(&algorithm) {
                distinct.push(algorithm);
            }
        }
        let first = distinct.first().ok_or(AlgorithmsError::Empty)?;
        let is_uniform = distinct
            .iter()
            .all(|algorithm| algorithm.is_symmetric() == first.is_symmetric());
        if is_uniform {
            Ok(Self(distinct))
        } else {
            Err(AlgorithmsError::Confusable)
        }
    }

    /// In the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = Algorithm> + '_ {
        self.0.iter().copied()
    }

    /// Whether a token may be signed so.
    #[must_use]
    pub fn allow(&self, algorithm: Algorithm) -> bool {
        self.0.contains(&algorithm)
    }

    /// The shortest secret that is as strong as each of them, in bytes; `None` where there is no secret.
    #[must_use]
    pub fn shortest_secret_bytes(&self) -> Option<usize> {
        self.iter()
            .filter_map(Algorithm::shortest_secret_bytes)
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Algorithms, AlgorithmsError, UnknownAlgorithm};

    #[test]
    fn each_name_reads_back_and_no_other_case_does() {
        for algorithm in Algorithm::ALL {
            let name = algorithm.as_str();
            assert_eq!(Algorithm::parse(name), Ok(algorithm));
            for other in [name.to_lowercase(), format!("{name} "), format!(" {name}")] {
                assert!(Algorithm::parse(&other).is_err(), "{other}");
            }
        }
        let refused = [
            ("ES512", UnknownAlgorithm::Unsupported),
            ("ES256K", UnknownAlgorithm::Unsupported),
            ("none", UnknownAlgorithm::Unsigned),
            ("NoNe", UnknownAlgorithm::Unsigned),
            ("", UnknownAlgorithm::Unknown),
            ("RS1", UnknownAlgorithm::Unknown),
            ("RSA-OAEP", UnknownAlgorithm::Unknown),
        ];
        for (word, expected) in refused {
            assert_eq!(Algorithm::parse(word), Err(expected), "{word}");
        }
    }

    #[test]
    fn secrets_and_public_keys_do_not_stand_in_one_list() {
        use Algorithm::{Es256, Hs256, Hs512, Rs256};
        assert_eq!(Algorithms::new([]), Err(AlgorithmsError::Empty));
        for mixed in [[Rs256, Hs256], [Hs256, Es256]] {
            assert_eq!(Algorithms::new(mixed), Err(AlgorithmsError::Confusable));
        }
        let allowed = Algorithms::new([Rs256, Es256, Rs256]).expect("asymmetric");
        assert_eq!(allowed.iter().collect::<Vec<_>>(), [Rs256, Es256]);
        assert_eq!(allowed.shortest_secret_bytes(), None);
        let secret = Algorithms::new([Hs256, Hs512]).expect("symmetric");
        assert_eq!(secret.shortest_secret_bytes(), Some(64));
        assert!(secret.allow(Hs512) && !secret.allow(Rs256));
    }
}
