//! `CacheKey`: what a value is remembered under.

use crate::token::TokenDigest;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The digest of a whole credential, and which source it was shown to (design section 7). Never an id inside it, unless the
/// credential is opened and its signature checked on each request before the cache is asked: then the id is what was proved.
///
/// Equality compares 256 bits, so two credentials can never share an entry by colliding in a hash table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CacheKey([u64; 4]);

impl CacheKey {
    /// `source` is a fingerprint: two sources that could answer differently for the same token have different ones. It is
    /// mixed into the digest's last bits, which are as hard to choose.
    #[must_use]
    pub fn new(source: u64, digest: TokenDigest) -> Self {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(digest.as_bytes().as_chunks().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        let [first, second, third, last] = words;
        Self([first, second, third, last ^ source])
    }

    /// Evenly spread bits, the same for one token at every source.
    pub(super) fn digest_bits(&self) -> u64 {
        let [first, ..] = self.0;
        first
    }
}

/// A part of a digest is as good as all of it: the hasher is keyed, and to find many tokens with the same 64 bits takes
/// longer than to send other tokens.
impl Hash for CacheKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest_bits());
    }
}

/// As much of the digest as may be shown: the name of the session.
impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({:016x})", self.digest_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::CacheKey;
    use crate::token::TokenDigest;

    #[test]
    fn the_same_token_at_another_source_is_another_key() {
        let digest = TokenDigest::of("token");
        assert_ne!(CacheKey::new(1, digest), CacheKey::new(2, digest));
        assert_ne!(
            CacheKey::new(1, digest),
            CacheKey::new(1, TokenDigest::of(""))
        );
        assert_eq!(CacheKey::new(1, digest), CacheKey::new(1, digest));
    }
}
