//! `Epoch`: what a source's change feed vouches for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The stretch of time over which a source's change feed missed nothing; one per source, shared with its feed.
///
/// What was asked for under an older epoch may have changed unseen. It is asked for again before it is trusted.
#[derive(Debug, Default)]
pub struct Epoch {
    number: AtomicU64,
    /// Whether changes are to be announced at all.
    is_wanted: bool,
    is_vouched: AtomicBool,
    /// Nothing that was asked for under an older number is left at the source.
    emptied: AtomicU64,
}

impl Epoch {
    /// Of a source whose changes are to be announced. Until they are, its answers are trusted for [`Self::UNTOLD_TTL`]
    /// at most, whatever the cache's TTL: that was chosen for answers whose changes are told.
    #[must_use]
    pub fn wanted() -> Self {
        Self {
            is_wanted: true,
            ..Self::default()
        }
    }

    /// How long an answer is trusted at most while its changes ought to be announced and are not.
    pub const UNTOLD_TTL: Duration = Duration::from_secs(10);

    /// How long an answer that comes now may be trusted.
    #[must_use]
    pub fn trust(&self, ttl: Duration) -> Duration {
        if self.is_wanted && !self.is_vouched.load(Ordering::Acquire) {
            ttl.min(Self::UNTOLD_TTL)
        } else {
            ttl
        }
    }

    /// The number of the epoch.
    #[must_use]
    pub fn current(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// Ends the epoch: the feed was lost. Until [`Self::vouch`] nobody announces anything.
    pub fn advance(&self) {
        self.is_vouched.store(false, Ordering::Release);
        self.number.fetch_add(1, Ordering::AcqRel);
    }

    /// The source has announced that every session is gone: what was asked for under an older number bridges no outage.
    pub fn empty(&self) {
        self.emptied.store(self.current(), Ordering::Release);
    }

    /// From here on every change is announced.
    pub fn vouch(&self) {
        self.is_vouched.store(true, Ordering::Release);
    }

    /// Whether what was asked under that number may still be served where the source itself cannot be asked: if nothing
    /// was missed since, or if the source is away and its stale window is all there is (R7). Once the source is back, an
    /// older answer is not good enough (design section 7).
    pub(super) fn bridges(&self, number: u64) -> bool {
        let is_away = !self.is_vouched.load(Ordering::Acquire);
        number >= self.current() || (is_away && number >= self.emptied.load(Ordering::Acquire))
    }
}
