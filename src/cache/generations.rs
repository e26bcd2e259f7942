//! `Generations`: how often keys were invalidated.

use super::key::CacheKey;
use std::iter;
use std::sync::atomic::{AtomicU64, Ordering};

/// A counter for every key. Keys share counters, so that their number is bounded: a key may look invalidated when
/// another one was, which costs it a load.
pub(super) struct Generations(Box<[AtomicU64]>);

impl Generations {
    pub(super) fn new() -> Self {
        Self(
            iter::repeat_with(AtomicU64::default)
                .take(STRIPES)
                .collect(),
        )
    }

    pub(super) fn of(&self, key: &CacheKey) -> u64 {
        self.at(Self::stripe_of(key.digest_bits()))
    }

    pub(super) fn advance(&self, key: &CacheKey) {
        self.advance_at(Self::stripe_of(key.digest_bits()));
    }

    /// Which counter evenly spread bits share.
    pub(super) fn stripe_of(bits: u64) -> u16 {
        (bits % STRIPES as u64) as u16
    }

    pub(super) fn at(&self, stripe: u16) -> u64 {
        self.counter(stripe).load(Ordering::Acquire)
    }

    pub(super) fn advance_at(&self, stripe: u16) {
        self.counter(stripe).fetch_add(1, Ordering::AcqRel);
    }

    fn counter(&self, stripe: u16) -> &AtomicU64 {
        let counter = self.0.get(usize::from(stripe) % STRIPES);
        counter.expect("there are as many as STRIPES")
    }
}

/// 32 KiB; among the loads in flight at most one in four shares its counter with a given key.
const STRIPES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::{CacheKey, Generations, STRIPES};
    use crate::token::TokenDigest;
    use std::collections::HashSet;

    #[test]
    fn an_invalidation_moves_one_counter() {
        let generations = Generations::new();
        let (one, other) = (key("one"), key("other"));
        generations.advance(&one);
        assert_eq!((generations.of(&one), generations.of(&other)), (1, 0));
    }

    #[test]
    fn keys_spread_over_the_counters() {
        let met: HashSet<_> = (0..STRIPES)
            .map(|number| Generations::stripe_of(key(&number.to_string()).digest_bits()))
            .collect();
        // Of n things thrown into n places, 63 % of the places are hit.
        assert!(met.len() > STRIPES / 2, "{} of {STRIPES}", met.len());
    }

    fn key(name: &str) -> CacheKey {
        CacheKey::new(0, TokenDigest::of(name))
    }
}
