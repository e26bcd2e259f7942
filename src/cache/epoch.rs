//! `Epoch`: what a source's change feed vouches for.

use std::sync::atomic::{AtomicU64, Ordering};

/// The stretch of time over which a source's change feed missed nothing; one per source, shared with its feed.
///
/// What was asked for under an older epoch may have changed unseen. It is asked for again before it is trusted.
#[derive(Debug, Default)]
pub struct Epoch(AtomicU64);

impl Epoch {
    /// The number of the epoch.
    #[must_use]
    pub fn current(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Begins another epoch: the feed was lost, or is whole again after it was lost.
    pub fn advance(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}
