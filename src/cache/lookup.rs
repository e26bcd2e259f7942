//! `Loaded` and `Lookup`: what a load brings home, and what a request learns.

use super::ties::Backing;
use crate::clock::UnixMillis;
use crate::token::FlawKind;

/// What can be remembered.
pub trait Remembered: Clone + Send + Sync + 'static {
    /// Whether the value may be used at all at this moment, for reasons that only it knows; asked on every read.
    fn holds(&self, _at: UnixMillis) -> bool {
        true
    }
}

/// Why a session of which something is known is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It was revoked by its name, or with all sessions of its user.
    Revoked,
    /// It was not used for its idle timeout.
    Idle,
    /// There is one, and nobody has logged in with it.
    Guest,
    /// It proves itself, and its proof is not believed.
    Flawed(FlawKind),
}

/// The answer of one load.
#[derive(Clone, Debug)]
pub enum Loaded<V, E> {
    /// The value, and the earliest end that its record, its store or its token knows of (R8).
    Found {
        /// What is remembered.
        value: V,
        /// `None`: nothing ends it but the cache's own TTL.
        expires_at: Option<UnixMillis>,
        /// What else it rests on.
        backing: Option<Backing>,
    },
    /// Definitely no such session.
    Absent,
    /// There is a record, and the session has ended all the same.
    Ended {
        /// Why.
        why: Ending,
        /// What else that rests on.
        backing: Option<Backing>,
    },
    /// There is a record and it cannot be used (R2): what was known before is forgotten, nothing is remembered.
    Broken(E),
    /// The source could not say (R7): what was known before may go on within `stale_if_error`.
    Failed(E),
}

impl<V, E> Loaded<V, E> {
    pub(super) fn backing(&self) -> Option<Backing> {
        match self {
            Self::Found { backing, .. } | Self::Ended { backing, .. } => *backing,
            Self::Absent | Self::Broken(_) | Self::Failed(_) => None,
        }
    }
}

/// What an invalidation has met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgotten<V> {
    /// A session was remembered.
    Session(V),
    /// It was being asked for.
    Loading,
}

/// What the cache says about one credential, and how it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<V, E> {
    /// Remembered and still trusted.
    Hit(V),
    /// Remembered as absent.
    KnownAbsent,
    /// Remembered as ended.
    KnownEnded(Ending),
    /// Loaded just now, for this request or for one it waited with.
    Loaded(V),
    /// Loaded just now: no such session, or one whose record has expired.
    Absent,
    /// Loaded just now: a session that has ended although its record is there.
    Ended(Ending),
    /// Past its TTL, within `stale_if_error`, and the source cannot be asked (R7).
    Stale(V),
    /// The load failed and nothing usable is remembered.
    Failed(E),
    /// Too many loads in flight, or too many requests waiting for them (R15).
    Overloaded,
    /// The load panicked, or the process is ending.
    Aborted,
}
