//! `Loaded` and `Lookup`: what a load brings home, and what a request learns.

use crate::clock::UnixMillis;

/// The answer of one load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded<V, E> {
    /// The value, and the earliest end that its record, its store or its token knows of (R8).
    Found {
        /// What is remembered.
        value: V,
        /// `None`: nothing ends it but the cache's own TTL.
        expires_at: Option<UnixMillis>,
    },
    /// Definitely no such session.
    Absent,
    /// There is a record and it cannot be used (R2): what was known before is forgotten, nothing is remembered.
    Broken(E),
    /// The source could not say (R7): what was known before may go on within `stale_if_error`.
    Failed(E),
}

/// What the cache says about one credential, and how it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<V, E> {
    /// Remembered and still trusted.
    Hit(V),
    /// Remembered as absent.
    KnownAbsent,
    /// Loaded just now, for this request or for one it waited with.
    Loaded(V),
    /// Loaded just now: no such session, or one that has ended.
    Absent,
    /// Past its TTL, within `stale_if_error`, and the source cannot be asked (R7).
    Stale(V),
    /// The load failed and nothing usable is remembered.
    Failed(E),
    /// Too many loads in flight, or too many requests waiting for them (R15).
    Overloaded,
    /// The load panicked, or the process is ending.
    Aborted,
}
