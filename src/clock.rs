//! `Now` and `UnixMillis`: time as an argument. Only the proxy, the server and background loops read the clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z, wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The end of time: of what never ends.
    pub const MAX: Self = Self(u64::MAX);

    /// This moment moved forward; saturates at the end of time.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(span_ms))
    }

    /// How long until `later`; zero if it has passed.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }
}

/// One reading of both clocks: the monotonic one bounds trust, the wall clock is what records and tokens speak of.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic.
    pub mono: Instant,
    /// Wall clock.
    pub wall: UnixMillis,
}

impl Now {
    /// Reads both clocks.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads them")]
    #[must_use]
    pub fn read() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            mono: Instant::now(),
            wall: UnixMillis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// Reads the monotonic clock alone, for a duration.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    #[must_use]
    pub fn read_mono() -> Instant {
        Instant::now()
    }

    /// Both clocks moved forward by the same span.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self {
            mono: self.mono + span,
            wall: self.wall.after(span),
        }
    }
}
