//! `KeySet`: the keys of one issuer, from a JWK set, from PEM, or shared secrets.

use super::algorithm::{Algorithm, Algorithms};
use super::jwk;
use super::key::{Key, KeyFault, Material};
use super::object::read_object;
use super::pem;
use crate::secret::Secret;
use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// The largest document.
const MAX_BYTES: usize = 256 * 1024;

/// The most keys in one set, those of no use included.
const MAX_KEYS: usize = 64;

/// The most keys a single token is tried with.
const MAX_TRIES: usize = 8;

/// Keys that tokens may be signed with; never empty. `Debug` shows no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
    skipped: Vec<SkippedKey>,
}

/// A key of a JWK set that is of no use; the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in `keys`, from 1.
    pub position: usize,
    /// Why it was left out.
    pub fault: KeyFault,
}

/// Why there is no key set. Messages quote nothing of the document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeySetError {
    /// More than 256 KiB.
    #[error("is larger than 256 KiB")]
    TooLarge,
    /// More than 64 keys.
    #[error("has more than 64 keys")]
    TooManyKeys,
    /// Keys without a name are tried one after the other, so there cannot be many.
    #[error("has more than 8 keys without a name; write them as a JWK set with `kid`s")]
    TooManyNameless,
    /// No JSON object with an array `keys` of objects (RFC 7517 §5).
    #[error("is not a JWK set: it {0}")]
    NotASet(&'static str),
    /// Not one key can be used; why, for the first few.
    #[error("has no key that can be used{}", Reasons(.0))]
    NothingUsable(Vec<SkippedKey>),
    /// A block of a PEM file cannot be used. The operator wrote the file, so nothing is skipped.
    #[error("holds a key, in block {position}, that {fault}")]
    Block {
        /// Its place in the file, from 1.
        position: usize,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// A shared secret of no bytes, which everybody knows.
    #[error("holds an empty secret")]
    EmptySecret,
}

/// What became of the search for the key that signed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyMatch {
    /// One of them has signed it.
    Signed,
    /// None has, and a newer set may have the key: the token names one that is not here, or none at all.
    Unknown,
    /// The key that the token names has not signed it.
    Forged,
}

impl KeySet {
    /// Reads a JWK set. Keys of no use are skipped, as RFC 7517 §5 says, and counted.
    pub fn from_jwks(document: &[u8]) -> Result<Self, KeySetError> {
        if document.len() > MAX_BYTES {
            return Err(KeySetError::TooLarge);
        }
        let set = read_object(document).map_err(|fault| KeySetError::NotASet(fault.as_str()))?;
        let Some(Value::Array(entries)) = set.get("keys") else {
            return Err(KeySetError::NotASet("has no array `keys`"));
        };
        if entries.len() > MAX_KEYS {
            return Err(KeySetError::TooManyKeys);
        }
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            match entry
                .as_object()
                .ok_or(KeyFault::Malformed)
                .and_then(jwk::read)
            {
                Ok(key) => keys.push(key),
                Err(fault) => skipped.push(SkippedKey {
                    position: index + 1,
                    fault,
                }),
            }
        }
        if keys.is_empty() {
            return Err(KeySetError::NothingUsable(skipped));
        }
        Ok(Self { keys, skipped })
    }

    /// Reads one or more public keys or certificates. They have no names, so each token is tried with all that fit.
    pub fn from_pem(text: &str) -> Result<Self, KeySetError> {
        if text.len() > MAX_BYTES {
            return Err(KeySetError::TooLarge);
        }
        let mut keys = Vec::new();
        for (index, read) in pem::read(text).enumerate() {
            let position = index + 1;
            keys.push(read.map_err(|fault| KeySetError::Block { position, fault })?);
        }
        Self::nameless(keys)
    }

    /// Takes shared secrets, in any order: the one in use, and those of tokens that still live.
    pub fn from_secrets(
        secrets: impl IntoIterator<Item = Secret<Vec<u8>>>,
    ) -> Result<Self, KeySetError> {
        let mut keys = Vec::new();
        for secret in secrets {
            if secret.expose().is_empty() {
                return Err(KeySetError::EmptySecret);
            }
            keys.push(Key {
                id: None,
                algorithm: None,
                material: Material::Hmac(secret),
            });
        }
        Self::nameless(keys)
    }

    /// How many keys can be used.
    #[must_use]
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// The keys of the document that were left out, and why.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Whether any key can check any of these algorithms.
    #[must_use]
    pub fn fits(&self, algorithms: &Algorithms) -> bool {
        algorithms
            .iter()
            .any(|algorithm| self.keys.iter().any(|key| key.fits(algorithm)))
    }

    /// How many shared secrets are shorter than the strongest of these algorithms needs (RFC 7518 §3.2).
    #[must_use]
    pub fn weak_secrets(&self, algorithms: &Algorithms) -> usize {
        let shortest_bytes = algorithms.shortest_secret_bytes().unwrap_or(0);
        let is_weak = |key: &&Key| match &key.material {
            Material::Hmac(secret) => secret.expose().len() < shortest_bytes,
            _ => false,
        };
        self.keys.iter().filter(is_weak).count()
    }

    /// Tries the keys of that name, or else those without a name; without a name in the token, all that fit.
    pub(super) fn find_signer(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> KeyMatch {
        let is_named = |key: &Key| key_id.is_some() && key.id.as_deref() == key_id;
        let is_known = self.keys.iter().any(is_named);
        let is_candidate = |key: &&Key| match key_id {
            Some(_) if is_known => is_named(key),
            Some(_) => key.id.is_none(),
            None => true,
        };
        let is_signed = self
            .keys
            .iter()
            .filter(|key| key.fits(algorithm))
            .filter(is_candidate)
            .take(MAX_TRIES)
            .any(|key| key.has_signed(algorithm, message, signature));
        match (is_signed, is_known) {
            (true, _) => KeyMatch::Signed,
            (false, true) => KeyMatch::Forged,
            (false, false) => KeyMatch::Unknown,
        }
    }

    fn nameless(keys: Vec<Key>) -> Result<Self, KeySetError> {
        let skipped = Vec::new();
        match keys.len() {
            0 => Err(KeySetError::NothingUsable(skipped)),
            1..=MAX_TRIES => Ok(Self { keys, skipped }),
            _ => Err(KeySetError::TooManyNameless),
        }
    }
}

/// `: key 2 is too weak; key 3 …`, for the first three.
struct Reasons<'s>(&'s [SkippedKey]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, skipped) in self.0.iter().take(3).enumerate() {
            let joint = if index == 0 { ": " } else { "; " };
            write!(f, "{joint}key {} {}", skipped.position, skipped.fault)?;
        }
        Ok(())
    }
}
