//! `Resolution`: what a lookup came to, and who gave the answer.

use crate::cache::Ending;
use crate::identity::Identity;
use crate::store::StoreFault;
use crate::token::Sid;
use std::sync::Arc;

/// What a lookup came to.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// A session that has not expired.
    Valid(Arc<Identity>),
    /// Definitely no such session.
    Unknown,
    /// A session that has ended although its record is there.
    Ended(Ending),
    /// A record is there and cannot be used (502).
    Broken,
    /// The store could not say, and nothing known bridges it (503).
    Unavailable(StoreFault),
}

/// A resolution and how it was reached.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Names the session in logs.
    pub sid: Sid,
    /// The answer.
    pub resolution: Resolution,
    /// Which tier gave it.
    pub tier: Tier,
}

/// Who answered a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The cache, without asking anybody.
    Memory,
    /// The cache, because the store could not say.
    Stale,
    /// The store.
    Store,
}

impl Tier {
    /// For logs and `explain`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Stale => "stale",
            Self::Store => "store",
        }
    }
}
