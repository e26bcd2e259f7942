//! `CachePolicy` and `LoadLimits`: how much the cache holds, how long it trusts that, how much it loads at once.

use std::num::NonZeroUsize;
use std::time::Duration;

/// The `cache:` section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// Sessions held at most; unknown tokens and what is said of users are remembered beside them, one for every eight at most.
    pub max_entries: NonZeroUsize,
    /// An entry is never trusted longer without asking again.
    pub ttl: Duration,
    /// How long "no such session" is remembered; zero: not at all.
    pub negative_ttl: Duration,
    /// How long past `ttl` a known session goes on while the store cannot answer.
    pub stale_if_error: Duration,
}

impl Default for CachePolicy {
    fn default() -> Self {
        Self {
            max_entries: NonZeroUsize::new(1_000_000).unwrap_or(NonZeroUsize::MAX),
            ttl: Duration::from_secs(60),
            negative_ttl: Duration::from_secs(2),
            stale_if_error: Duration::from_secs(300),
        }
    }
}

/// Bounds on the miss path (R15). Past either one a request is answered [`Overloaded`](super::Lookup::Overloaded) at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Loads in flight, over all keys.
    pub max_loads: usize,
    /// Requests that wait for a load which another request began, over all keys.
    pub max_waiters: usize,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self {
            max_loads: 1024,
            max_waiters: 4096,
        }
    }
}
