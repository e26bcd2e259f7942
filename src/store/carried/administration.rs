//! Administration of sessions that are kept elsewhere: they can be ended, by name, user or token id, but not listed or made.

use super::source::CarriedStore;
use crate::clock::Now;
use crate::store::administration::{Administration, Removal, Search, SessionList};
use crate::store::contract::{LookupError, StoreError, StoreFault};
use crate::store::new_session::NewSession;
use crate::store::revocation::Revocation;
use crate::store::session_report::SessionReport;
use crate::token::Sid;
use async_trait::async_trait;

#[async_trait]
impl Administration for CarriedStore {
    async fn create(&self, _new: NewSession, _now: Now) -> Result<(), StoreError> {
        Err(StoreError {
            kind: StoreFault::Unavailable,
            detail: "the sessions of this source are made by whoever issues its tokens".into(),
        })
    }

    async fn show(
        &self,
        _sid: Sid,
        _user_id: Option<&str>,
        _now: Now,
    ) -> Result<Search<SessionReport>, LookupError> {
        Ok(Search::Absent)
    }

    async fn list(&self, user_id: &str, now: Now) -> Result<SessionList, LookupError> {
        self.marks.list(user_id, now).await
    }

    async fn revoke(&self, revocation: &Revocation, now: Now) -> Result<Removal, StoreError> {
        let revocation = match revocation {
            // No record is there that could be deleted, and nobody says here when the session ends.
            Revocation::Session(sid) => &Revocation::Token {
                id: sid.to_string(),
                until: None,
            },
            other => other,
        };
        self.marks.revoke(revocation, now).await
    }

    async fn set_disabled(&self, user_id: &str, disabled: bool) -> Result<(), StoreError> {
        self.marks.set_disabled(user_id, disabled).await
    }

    fn distrust(&self) {
        match &self.following {
            Some(following) => following.distrust(),
            None => self.marks.distrust(),
        }
    }
}
