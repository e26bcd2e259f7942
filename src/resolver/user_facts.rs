//! `UserFacts`: what is remembered of a user, once for all of the user's sessions.

use crate::cache::{Remembered, Tie};
use crate::clock::Now;
use crate::store::UserMark;

/// A mark, or that there is none, and how far it can be trusted.
#[derive(Clone, Copy, Debug)]
pub(super) struct UserFacts {
    pub(super) mark: UserMark,
    /// Of the sessions that rest on it, taken before `asked`.
    pub(super) tie: Tie,
    pub(super) asked: Now,
}

impl Remembered for UserFacts {}
