//! `Administration`: what an operator does to the sessions of a store.

use super::contract::{LookupError, SessionStore, StoreError};
use super::new_session::NewSession;
use super::revocation::Revocation;
use super::session_report::SessionReport;
use crate::clock::Now;
use crate::token::Sid;
use async_trait::async_trait;
use std::borrow::Cow;

/// A store whose sessions can be made, shown and ended. Three implementations, as of [`SessionStore`].
///
/// Whatever is changed here is told to the store's own sink after the change: on this node it holds when the method
/// returns.
#[async_trait]
pub trait Administration: SessionStore {
    /// Writes a session down, so that its token opens it.
    ///
    /// # Errors
    /// When the store does not take it; then the token opens nothing.
    async fn create(&self, new: NewSession, now: Now) -> Result<(), StoreError>;

    /// The session of this name. Naming its user saves a search through all keys.
    ///
    /// # Errors
    /// When the store could not say, or the mark of the user is broken.
    async fn show(
        &self,
        sid: Sid,
        user_id: Option<&str>,
        now: Now,
    ) -> Result<Search<SessionReport>, LookupError>;

    /// The sessions of a user that the store knows to be the user's.
    ///
    /// # Errors
    /// As [`Self::show`].
    async fn list(&self, user_id: &str, now: Now) -> Result<SessionList, LookupError>;

    /// Ends what the revocation names, tells every node, then clears away what can be found of it. All of a user ends
    /// at `now` unless the revocation names a moment.
    ///
    /// # Errors
    /// When the revocation itself is not written. What is left to clear away is not an error.
    async fn revoke(&self, revocation: &Revocation, now: Now) -> Result<Removal, StoreError>;

    /// Says whether a user is disabled, whatever the records say.
    ///
    /// # Errors
    /// When it is not written.
    async fn set_disabled(&self, user_id: &str, disabled: bool) -> Result<(), StoreError>;

    /// Has whoever caches this store's answers ask for each of them again.
    fn distrust(&self);
}

/// What a bounded search came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Search<T> {
    /// Here it is.
    Found(T),
    /// There is none.
    Absent,
    /// There were more keys than one search looks at.
    GaveUp,
}

/// The sessions of a user.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionList {
    /// The longest-lived first.
    pub sessions: Vec<SessionReport>,
    /// Whether there are more than are listed.
    pub is_cut: bool,
}

/// What was cleared away after a revocation, which holds in any case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Removal {
    /// Records that were deleted.
    pub records: usize,
    /// Why there may be more of them.
    pub rest: Option<Cow<'static, str>>,
}

/// Sessions listed, or deleted one by one, in one call.
pub(super) const MOST_LISTED: usize = 1000;
