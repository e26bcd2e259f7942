//! `CacheKey`: what a value is remembered under.

use crate::token::TokenDigest;

/// The digest of a whole credential, and which source it was shown to (design section 7). Never an id inside it, unless the
/// credential is opened and its signature checked on each request before the cache is asked: then the id is what was proved.
///
/// Equality compares all 40 bytes, so two credentials can never share an entry by colliding in a hash table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    source: u64,
    digest: TokenDigest,
}

impl CacheKey {
    /// `source` is a fingerprint: two sources that could answer differently for the same token have different ones.
    #[must_use]
    pub fn new(source: u64, digest: TokenDigest) -> Self {
        Self { source, digest }
    }

    /// Evenly spread bits, the same for one token at every source.
    pub(super) fn digest_bits(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *self.digest.as_bytes();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
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
