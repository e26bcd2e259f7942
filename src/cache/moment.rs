//! `Moment`: one reading of both clocks, small enough to be kept in every entry.

use crate::clock::{Now, UnixMillis};
use std::time::{Duration, Instant};

/// Where the cache's own time begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin(Instant);

impl Origin {
    pub(super) fn new(now: Now) -> Self {
        Self(now.mono)
    }

    /// A reading older than the origin counts as the origin.
    pub(super) fn moment(self, now: Now) -> Moment {
        Moment {
            mono: Mono(0).after(now.mono.saturating_duration_since(self.0)),
            wall: now.wall,
        }
    }
}

/// Both clocks, as entries are compared with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) mono: Mono,
    pub(super) wall: UnixMillis,
}

/// Milliseconds since the [`Origin`], monotonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mono(pub(super) u64);

impl Mono {
    /// Saturates at the end of time.
    pub(super) fn after(self, span: Duration) -> Self {
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(span_ms))
    }
}
