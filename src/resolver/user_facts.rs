//! `UserFacts`: what is remembered of a user, once for all of the user's sessions.

use crate::cache::{Backing, Remembered};
use crate::store::UserMark;

/// A mark, or that there is none, and how far it can be trusted.
#[derive(Clone, Copy, Debug)]
pub(super) struct UserFacts {
    pub(super) mark: UserMark,
    pub(super) backing: Backing,
}

impl Remembered for UserFacts {}
