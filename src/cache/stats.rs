//! `CacheStats`: what the cache holds and what it let go, for metrics and status.

/// One reading; the numbers are taken one after the other, not at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Known sessions.
    pub sessions: SegmentStats,
    /// Tokens known to be unknown.
    pub absences: SegmentStats,
    /// Loads in flight, those included whose key was invalidated meanwhile.
    pub loads: usize,
    /// Requests that wait for a load which another request began.
    pub waiters: usize,
    /// Keys invalidated since the start, those included of which nothing was known.
    pub invalidations: u64,
}

/// One bounded segment of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentStats {
    /// Entries held, those included that have ended and were not met yet.
    pub entries: usize,
    /// Entries removed since the start to make room while they were still of use.
    pub evicted_by_capacity: u64,
    /// Entries removed since the start because they had ended.
    pub evicted_by_ttl: u64,
}
