//! `IdleClock`: when a session with an idle timeout was last used, as this node knows it.

use crate::clock::UnixMillis;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Shared by all requests of a session; runs on the wall clock, as other nodes read what this one writes.
#[derive(Debug)]
pub(super) struct IdleClock {
    timeout_ms: u64,
    last_use_ms: AtomicU64,
    /// The last use that the store knows of.
    written_ms: AtomicU64,
}

impl IdleClock {
    /// `written` is the last use that the store knows of; without one the session counts from when it was made, or from
    /// now on.
    pub(super) fn new(
        timeout: Duration,
        written: Option<UnixMillis>,
        made_at: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Self {
        let last_use = written.max(made_at).unwrap_or(now);
        Self {
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            last_use_ms: AtomicU64::new(last_use.0),
            written_ms: AtomicU64::new(written.map_or(0, |at| at.0)),
        }
    }

    /// Takes over what this node knows of an earlier use, which need not be written anywhere.
    pub(super) fn recall(&self, earlier: &Self) {
        let used_ms = earlier.last_use_ms.load(Ordering::Relaxed);
        self.last_use_ms.fetch_max(used_ms, Ordering::Relaxed);
    }

    /// When it ends unless it is used.
    pub(super) fn end(&self) -> UnixMillis {
        let last_use_ms = self.last_use_ms.load(Ordering::Relaxed);
        UnixMillis(last_use_ms.saturating_add(self.timeout_ms))
    }

    /// Notes a use; `true` to one caller per interval: it has to write it down.
    pub(super) fn touch(&self, at: UnixMillis) -> bool {
        // Requests for one hot session do not pass its cache line around.
        if at.0
            > self
                .last_use_ms
                .load(Ordering::Relaxed)
                .saturating_add(GRAIN_MS)
        {
            self.last_use_ms.fetch_max(at.0, Ordering::Relaxed);
        }
        let written_ms = self.written_ms.load(Ordering::Relaxed);
        let is_due = at.0 >= written_ms.saturating_add(self.interval_ms());
        is_due
            && self
                .written_ms
                .compare_exchange(written_ms, at.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// A tenth of the timeout, between a second and a minute: another node may end a session early by so much.
    fn interval_ms(&self) -> u64 {
        (self.timeout_ms / 10).clamp(1_000, 60_000)
    }
}

const GRAIN_MS: u64 = 50;

#[cfg(test)]
mod tests {
    use super::IdleClock;
    use crate::clock::UnixMillis;
    use std::time::Duration;

    #[test]
    fn it_counts_from_the_last_thing_known() {
        let end = |written: Option<u64>, made: Option<u64>| {
            let (written, made) = (written.map(UnixMillis), made.map(UnixMillis));
            IdleClock::new(Duration::from_millis(100), written, made, UnixMillis(5_000))
                .end()
                .0
        };
        assert_eq!(end(Some(1_000), Some(500)), 1_100);
        assert_eq!(end(Some(400), Some(500)), 600, "made again");
        assert_eq!(end(None, Some(500)), 600, "never used");
        assert_eq!(end(None, None), 5_100, "nothing is known");
    }

    #[test]
    fn a_use_that_is_not_written_counts_here_and_is_still_to_be_written() {
        let clock = || {
            let written = Some(UnixMillis(1_000));
            IdleClock::new(Duration::from_secs(100), written, None, UnixMillis(0))
        };
        let (known, loaded) = (clock(), clock());
        assert!(!known.touch(UnixMillis(10_999)));
        loaded.recall(&known);
        assert_eq!(loaded.end(), UnixMillis(110_999));
        assert!(loaded.touch(UnixMillis(11_000)));
        known.recall(&clock());
        assert_eq!(known.end(), UnixMillis(110_999), "nothing earlier");
    }

    #[test]
    fn a_use_is_written_once_per_interval() {
        let clock = IdleClock::new(Duration::from_secs(100), None, None, UnixMillis(500_000));
        let uses = [500_000, 500_001, 509_999, 510_000, 510_000, 520_000];
        let written = uses.map(|at| clock.touch(UnixMillis(at)));
        assert_eq!(written, [true, false, false, true, false, true]);
        assert_eq!(clock.end(), UnixMillis(620_000));
        clock.touch(UnixMillis(5));
        assert_eq!(
            clock.end(),
            UnixMillis(620_000),
            "a clock set back takes nothing away"
        );
    }
}
