//! `Ties`: what ends many entries at once, whatever their number, without a list of them.

use super::generations::Generations;
use super::key::CacheKey;
use crate::clock::Now;
use std::time::Duration;

/// A counter for everything that can be cut, shared by stripes: a cut may end entries of its neighbours as well, which
/// costs each a load.
pub(super) struct Ties(Generations);

/// What an entry hangs on: cut later, the entry is over. Taken before the question whose answer it is kept for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tie {
    stripe: u16,
    /// The low bits of the counter: an entry would have to stay through 2³² cuts to be mistaken.
    generation: u32,
}

/// Three ties, of which none may be cut. Counters only grow, so that their sum tells of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bond {
    stripes: [u16; 3],
    generations: u32,
}

impl Bond {
    pub(super) fn of(ties: [Tie; 3]) -> Self {
        Self {
            stripes: ties.map(|tie| tie.stripe),
            generations: sum(ties.iter().map(|tie| tie.generation)),
        }
    }
}

fn sum(generations: impl Iterator<Item = u32>) -> u32 {
    generations.fold(0, u32::wrapping_add)
}

/// What an answer rests on beside the record itself: it is trusted no longer than that, and over when that is cut.
#[derive(Clone, Copy, Debug)]
pub struct Backing {
    /// Of the other source, taken before `asked`.
    pub tie: Option<Tie>,
    /// That of another name of the session, taken before whatever is said of that name was asked for.
    pub name: Option<Tie>,
    /// When the other source was asked.
    pub asked: Now,
    /// Whoever gave the answer wants to be asked again after that, counted from the question.
    pub trust_for: Option<Duration>,
}

impl Ties {
    pub(super) fn new() -> Self {
        Self(Generations::new())
    }

    pub(super) fn tie(&self, key: &CacheKey) -> Tie {
        let stripe = Generations::stripe_of(key.digest_bits());
        Tie {
            stripe,
            generation: self.0.at(stripe) as u32,
        }
    }

    /// `bits` are the first 64 of the digest under which ties were taken.
    pub(super) fn cut(&self, bits: u64) {
        self.0.advance_at(Generations::stripe_of(bits));
    }

    pub(super) fn hold(&self, bond: Bond) -> bool {
        let current = bond.stripes.iter();
        sum(current.map(|stripe| self.0.at(*stripe) as u32)) == bond.generations
    }
}

#[cfg(test)]
mod tests {
    use super::{Bond, CacheKey, Ties};
    use crate::token::TokenDigest;

    #[test]
    fn a_cut_ends_what_was_tied_before_and_nothing_else() {
        let ties = Ties::new();
        let (one, other) = (key("one"), key("other"));
        let before = ties.tie(&one);
        let neighbour = ties.tie(&other);
        ties.cut(TokenDigest::of("one").sid().bits());
        let hold = |all| ties.hold(Bond::of(all));
        assert!(!hold([before; 3]) && !hold([neighbour, before, neighbour]));
        assert!(hold([neighbour; 3]) && hold([ties.tie(&one), neighbour, neighbour]));
    }

    fn key(name: &str) -> CacheKey {
        CacheKey::new(0, TokenDigest::of(name))
    }
}
