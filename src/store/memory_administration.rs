//! Administration of the embedded store. What is changed is gone with the process, as everything in it.

use super::administration::{Administration, MOST_LISTED, Removal, Search, SessionList};
use super::contract::{LookupError, SessionStore, StoreError};
use super::feed::Change;
use super::memory::{MOST_KEPT, MemoryStore, has_room};
use super::new_session::NewSession;
use super::revocation::Revocation;
use super::session::StoredSession;
use super::session_report::SessionReport;
use crate::clock::{Now, UnixMillis};
use crate::token::{Sid, TokenDigest};
use async_trait::async_trait;
use std::cmp::Reverse;
use std::time::Duration;

#[async_trait]
impl Administration for MemoryStore {
    async fn create(&self, new: NewSession, now: Now) -> Result<(), StoreError> {
        if self.sessions.len() >= MOST_KEPT {
            self.sessions
                .retain(|_, stored| !has_ended(stored, now.wall));
        }
        has_room(self.sessions.len())?;
        let (digest, end) = (new.credential.digest(), new.store_expires_at(now.wall));
        self.sessions
            .insert(digest, StoredSession::new(new.session, end));
        self.tell(Change::Session(digest));
        Ok(())
    }

    async fn show(
        &self,
        sid: Sid,
        _user_id: Option<&str>,
        now: Now,
    ) -> Result<Search<SessionReport>, LookupError> {
        let found = self.select(now, |digest, _| digest.sid() == sid);
        let Some((digest, stored)) = found.into_iter().next() else {
            return Ok(Search::Absent);
        };
        let mark = self.user(&stored.session.user_id).await?;
        Ok(Search::Found(SessionReport {
            sid: digest.sid(),
            stored: Ok(stored),
            mark,
        }))
    }

    async fn list(&self, user_id: &str, now: Now) -> Result<SessionList, LookupError> {
        let mark = self.user(user_id).await?;
        let mut found = self.select(now, |_, stored| stored.session.user_id == user_id);
        found.sort_by_key(|(digest, stored)| {
            let end = stored.store_expires_at.map_or(u64::MAX, |end| end.0);
            (Reverse(end), digest.sid())
        });
        let is_cut = found.len() > MOST_LISTED;
        let report = |(digest, stored): (TokenDigest, StoredSession)| SessionReport {
            sid: digest.sid(),
            stored: Ok(stored),
            mark,
        };
        Ok(SessionList {
            sessions: found.into_iter().take(MOST_LISTED).map(report).collect(),
            is_cut,
        })
    }

    async fn revoke(&self, revocation: &Revocation, now: Now) -> Result<Removal, StoreError> {
        let removal = match revocation {
            Revocation::Session(sid) => {
                let records = self.remove(|digest, _| digest.sid() == *sid);
                if records == 0 {
                    let name = sid.to_string();
                    self.remember_revoked(&name, UnixMillis::MAX, now.wall)?;
                }
                self.tell(Change::Revoked(&sid.to_string()));
                records
            }
            Revocation::User { id, not_before } => {
                self.log_out(id, not_before.unwrap_or(now.wall))?
            }
            Revocation::Token { id, until } => {
                self.remember_revoked(id, until.unwrap_or(UnixMillis::MAX), now.wall)?;
                self.tell(Change::Revoked(id));
                0
            }
        };
        Ok(Removal {
            records: removal,
            rest: None,
        })
    }

    async fn set_disabled(&self, user_id: &str, disabled: bool) -> Result<(), StoreError> {
        self.has_room_for(user_id)?;
        self.users.entry(user_id.to_owned()).or_default().disabled = disabled;
        self.tell(Change::User(user_id));
        Ok(())
    }

    fn distrust(&self) {
        if let Some(sink) = self.sink.get() {
            sink.lost();
            sink.restored();
        }
    }
}

impl MemoryStore {
    fn log_out(&self, user_id: &str, not_before: UnixMillis) -> Result<usize, StoreError> {
        self.has_room_for(user_id)?;
        let mark = {
            let mut mark = self.users.entry(user_id.to_owned()).or_default();
            *mark = mark.logged_out(not_before);
            *mark
        };
        let records = self.remove(|_, stored| {
            stored.session.user_id == user_id && mark.revokes(stored.created_at())
        });
        self.tell(Change::User(user_id));
        Ok(records)
    }

    /// Of a session that has no record here, the name has to be known for as long as it could be shown.
    fn remember_revoked(
        &self,
        name: &str,
        until: UnixMillis,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        if self.revoked.len() >= MOST_KEPT {
            self.revoked.retain(|_, end| *end > now);
        }
        has_room(self.revoked.len())?;
        self.revoked
            .insert(name.to_owned(), until.after(AFTER_ITS_END));
        Ok(())
    }

    /// A mark that is there already can always be changed.
    fn has_room_for(&self, user_id: &str) -> Result<(), StoreError> {
        if self.users.contains_key(user_id) {
            return Ok(());
        }
        has_room(self.users.len())
    }

    fn remove(&self, matches: impl Fn(&TokenDigest, &StoredSession) -> bool) -> usize {
        let mut records = 0;
        self.sessions.retain(|digest, stored| {
            let goes = matches(digest, stored);
            records += usize::from(goes);
            !goes
        });
        records
    }

    fn select(
        &self,
        now: Now,
        matches: impl Fn(&TokenDigest, &StoredSession) -> bool,
    ) -> Vec<(TokenDigest, StoredSession)> {
        self.sessions
            .iter()
            .filter(|entry| !has_ended(entry.value(), now.wall))
            .filter(|entry| matches(entry.key(), entry.value()))
            .map(|entry| (*entry.key(), entry.value().clone()))
            .collect()
    }

    fn tell(&self, change: Change<'_>) {
        if let Some(sink) = self.sink.get() {
            sink.changed(change);
        }
    }
}

fn has_ended(stored: &StoredSession, now: UnixMillis) -> bool {
    stored.store_expires_at.is_some_and(|end| end <= now)
}

/// A token is taken for a moment after its end, by clocks that differ.
const AFTER_ITS_END: Duration = Duration::from_secs(300);
