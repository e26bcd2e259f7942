//! `Question`: what a load asks, and under which conditions its answer is worth remembering.

use super::epoch::Epoch;
use super::key::CacheKey;
use super::moment::Moment;
use super::ties::{Backing, Bond, Tie};
use std::sync::Arc;

/// Put before the load begins. Its answer is remembered only if no change to the key was announced meanwhile and the
/// source's feed can still announce one (design section 7, the in-flight rule).
pub(super) struct Question {
    pub(super) key: CacheKey,
    pub(super) asked: Moment,
    pub(super) stamp: Stamp,
    /// The key's own: cut by whoever knows a session's name alone.
    pub(super) tie: Tie,
    pub(super) epoch: Arc<Epoch>,
}

impl Question {
    /// What an answer hangs on: the key's own name, and what it rests on.
    pub(super) fn bond(&self, backing: Option<Backing>) -> Bond {
        let other = backing.and_then(|backing| backing.tie);
        let name = backing.and_then(|backing| backing.name);
        Bond::of([
            self.tie,
            other.unwrap_or(self.tie),
            name.unwrap_or(self.tie),
        ])
    }
}

/// The generation of a key and the epoch of its source, as they were read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) generation: u64,
    pub(super) epoch: u64,
}

impl Stamp {
    /// Whether an answer to a question of this stamp also answers one of the other.
    pub(super) fn covers(self, other: Self) -> bool {
        self.generation >= other.generation && self.epoch >= other.epoch
    }
}
