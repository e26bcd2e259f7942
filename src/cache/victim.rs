//! `Victim`: which of some entries a full table lets go.

use super::entry::Entry;
use super::moment::Moment;

/// The one that will be missed least.
pub(super) struct Victim {
    /// Where it lies.
    pub(super) bucket: usize,
    pub(super) is_dead: bool,
    last_use: u32,
}

impl Victim {
    /// One that has ended, or else the one that was used longest ago.
    pub(super) fn among<'a, V: 'a>(
        entries: impl Iterator<Item = (usize, &'a Entry<V>)>,
        at: Moment,
    ) -> Option<Self> {
        let candidates = entries.map(|(bucket, entry)| Self {
            bucket,
            is_dead: entry.is_dead(at),
            last_use: entry.last_use(),
        });
        // `false` sorts before `true`.
        candidates.min_by_key(|candidate| (!candidate.is_dead, candidate.last_use))
    }
}
