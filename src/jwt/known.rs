//! `Known`: what is known of a key set that is fetched, at one moment.

use super::key_set::{KeySet, KeySetError};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::time::Instant;

/// At most one attempt to fetch in this time, counted from the beginning of the last one, whatever became of it.
pub(super) const COOLDOWN: Duration = Duration::from_secs(10);

/// How long keys are used that cannot be fetched again.
pub(super) const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Why an attempt brought no keys.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyFetchError {
    /// Nothing came, or not with a success; the words of whoever fetches.
    #[error("could not be fetched: {0}")]
    Failed(String),
    /// No answer in time.
    #[error("could not be fetched in time")]
    TimedOut,
    /// What came is no key set.
    #[error(transparent)]
    Unusable(#[from] KeySetError),
}

/// The newest good keys, and the attempts to have newer ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    loaded: Option<(Arc<KeySet>, Instant)>,
    /// When the last attempt began; `None` before the first.
    began: Option<Instant>,
    /// How many attempts have ended.
    pub(super) ended: u64,
    /// Why the last one failed.
    pub(super) fault: Option<KeyFetchError>,
    is_fetching: bool,
}

impl Known {
    /// The keys that count, and when they were fetched.
    pub(super) fn usable(&self, now: Instant) -> Option<(&Arc<KeySet>, Instant)> {
        let (keys, at) = self.loaded.as_ref()?;
        (now.saturating_duration_since(*at) <= KEEP).then_some((keys, *at))
    }

    /// Whether waiting brings anything: an attempt is under way or to come, or may be asked for.
    pub(super) fn may_change(&self, now: Instant) -> bool {
        let is_rested = |began: Instant| now.saturating_duration_since(began) >= COOLDOWN;
        self.is_fetching || self.began.is_none_or(is_rested)
    }

    /// Whether there may be a key that the issuer has and we have not.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_fetching || self.fault.is_some()
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.began = Some(now);
        self.is_fetching = true;
    }

    /// It has ended. After a failure the old keys stay.
    pub(super) fn end(&mut self, now: Instant, outcome: Result<KeySet, KeyFetchError>) {
        self.is_fetching = false;
        self.ended += 1;
        match outcome {
            Err(fault) => self.fault = Some(fault),
            Ok(fetched) => {
                self.fault = None;
                self.loaded = Some((Arc::new(fetched), now));
            }
        }
    }
}
