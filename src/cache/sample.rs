//! `Sample`: which of some entries a full table lets go.

use super::entry::Entry;
use super::key::CacheKey;
use super::moment::Moment;

/// Some entries, of which one will be missed least.
#[derive(Default)]
pub(super) struct Sample {
    pub(super) seen: usize,
    pub(super) victim: Option<Victim>,
}

pub(super) struct Victim {
    pub(super) key: CacheKey,
    last_use: u32,
    pub(super) is_dead: bool,
}

impl Sample {
    pub(super) fn consider<V>(&mut self, key: &CacheKey, entry: &Entry<V>, at: Moment) {
        self.seen += 1;
        let candidate = Victim {
            key: *key,
            last_use: entry.last_use(),
            is_dead: entry.is_dead(at),
        };
        // `false` sorts before `true`: a living victim gives way to a dead candidate.
        let rank = |victim: &Victim| (!victim.is_dead, victim.last_use);
        if self
            .victim
            .as_ref()
            .is_none_or(|victim| rank(&candidate) < rank(victim))
        {
            self.victim = Some(candidate);
        }
    }
}
