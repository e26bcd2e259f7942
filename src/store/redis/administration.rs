//! Administration of sessions in Redis. Commands of different keys are different questions: on a cluster they have
//! different addressees.

use super::fault::fault;
use super::scribe;
use super::search::{MOST_ROUNDS, search};
use super::sessions::RedisStore;
use super::user_index::{self, reply};
use crate::clock::{Now, UnixMillis};
use crate::store::administration::{Administration, MOST_LISTED, Removal, Search, SessionList};
use crate::store::broken_record::BrokenRecord;
use crate::store::contract::{LookupError, SessionStore, StoreError, StoreFault};
use crate::store::new_session::NewSession;
use crate::store::own_keys::{self, EVENTS};
use crate::store::revocation::Revocation;
use crate::store::session::{SessionKey, StoredSession};
use crate::store::session_report::SessionReport;
use crate::store::user_mark::UserMark;
use crate::token::Sid;
use async_trait::async_trait;
use redis::pipe;

#[async_trait]
impl Administration for RedisStore {
    /// The record first: an entry of the index that leads nowhere is taken out by whoever lists meanwhile.
    async fn create(&self, new: NewSession, now: Now) -> Result<(), StoreError> {
        let Some(template) = &self.key else {
            return Err(fault(StoreFault::Unavailable, NO_RECORDS));
        };
        let key = template.key(&new.credential);
        let end = new.store_expires_at(now.wall);
        let mut write = pipe();
        let set = write.cmd("SET").arg(&key).arg(&new.record);
        if let Some(ttl) = new.ttl {
            let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            set.arg("PX").arg(ttl_ms);
        }
        let written = reply(&self.servers, &write).await;
        written.map_err(|error| self.explained(error))?;
        let indexed = user_index::add(&self.servers, new.user_id(), &key, end, now.wall).await;
        if let Err(error) = indexed {
            let mut undo = pipe();
            undo.cmd("DEL").arg(&key);
            // Should this fail too: nobody is told the token, so the record opens nothing for anybody.
            let _ = reply(&self.servers, &undo).await;
            return Err(self.explained(error));
        }
        self.servers.changed(key.as_bytes());
        Ok(())
    }

    async fn show(
        &self,
        sid: Sid,
        user_id: Option<&str>,
        now: Now,
    ) -> Result<Search<SessionReport>, LookupError> {
        let session = match self.locate(sid, user_id, now).await? {
            Search::Found(session) => session,
            Search::Absent => return Ok(Search::Absent),
            Search::GaveUp => return Ok(Search::GaveUp),
        };
        let Some(stored) = self.look(&session, now).await? else {
            return Ok(Search::Absent);
        };
        let mark = match &stored {
            Ok(stored) => self.user(&stored.session.user_id).await?,
            Err(_) => UserMark::default(),
        };
        Ok(Search::Found(SessionReport { sid, stored, mark }))
    }

    async fn list(&self, user_id: &str, now: Now) -> Result<SessionList, LookupError> {
        let (sessions, is_cut) = self.indexed(user_id, now).await?;
        let mark = self.user(user_id).await?;
        let report = |(session, stored): (SessionKey, _)| SessionReport {
            sid: session.digest.sid(),
            stored,
            mark,
        };
        Ok(SessionList {
            sessions: sessions.into_iter().map(report).collect(),
            is_cut,
        })
    }

    async fn revoke(&self, revocation: &Revocation, now: Now) -> Result<Removal, StoreError> {
        let revocation = revocation.clone().by(now.wall);
        let written = scribe::write(&self.servers, &revocation).await;
        written.map_err(|error| self.explained(error))?;
        let announced = self.announce(&revocation).await;
        // By now it holds. A record that stays is refused until it ends by itself.
        let mut removal = Removal::default();
        if let Err(error) = self.clear(&revocation, now, &mut removal).await {
            removal.rest = Some(error.to_string().into());
        }
        announced.map(|()| removal)
    }

    async fn set_disabled(&self, user_id: &str, disabled: bool) -> Result<(), StoreError> {
        let written = scribe::set_disabled(&self.servers, user_id, disabled).await;
        written.map_err(|error| self.explained(error))?;
        self.servers.changed(own_keys::user(user_id).as_bytes());
        Ok(())
    }

    fn distrust(&self) {
        self.servers.distrust();
    }
}

/// A record, or what is wrong with it.
type Stored = Result<StoredSession, BrokenRecord>;

impl RedisStore {
    /// Tells what has been written: whoever hears of it finds it there.
    pub(super) async fn announce(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let own = match revocation {
            Revocation::Session(sid) => own_keys::revoked_session(*sid),
            Revocation::User { id, .. } => own_keys::user(id),
            Revocation::Token { id, .. } => own_keys::revoked(id),
        };
        self.servers.changed(own.as_bytes());
        let mut publish = pipe();
        let message = revocation.to_message();
        publish.cmd("PUBLISH").arg(EVENTS).arg(message);
        let published = reply(&self.servers, &publish).await;
        published.map_err(|error| self.explained(error))?;
        Ok(())
    }

    async fn clear(
        &self,
        revocation: &Revocation,
        now: Now,
        removal: &mut Removal,
    ) -> Result<(), LookupError> {
        match revocation {
            Revocation::Session(sid) => match self.locate(*sid, None, now).await? {
                Search::Found(session) => {
                    let stored = self.look(&session, now).await?;
                    let user_id = stored
                        .and_then(Result::ok)
                        .map(|stored| stored.session.user_id);
                    removal.records += self.delete(&session, user_id.as_deref()).await?;
                }
                Search::Absent => {}
                Search::GaveUp => removal.rest = Some(GAVE_UP.into()),
            },
            Revocation::User { id, .. } => {
                let mark = self.user(id).await?;
                let (sessions, is_cut) = self.indexed(id, now).await?;
                for (session, stored) in sessions {
                    if stored.is_ok_and(|stored| mark.revokes(stored.created_at())) {
                        removal.records += self.delete(&session, Some(id)).await?;
                    }
                }
                removal.rest = is_cut.then(|| MORE.into());
            }
            Revocation::Token { .. } => {}
        }
        Ok(())
    }

    /// By the index of the user, else among all keys.
    async fn locate(
        &self,
        sid: Sid,
        user_id: Option<&str>,
        now: Now,
    ) -> Result<Search<SessionKey>, LookupError> {
        if let Some(user_id) = user_id {
            let keys = self.index_of(user_id, now.wall).await?;
            let found = keys
                .iter()
                .filter_map(|key| self.session_at(key))
                .find(|session| session.digest.sid() == sid);
            if let Some(found) = found {
                return Ok(Search::Found(found));
            }
        }
        let Some(template) = &self.key else {
            return Ok(Search::Absent);
        };
        let searched = search(&self.servers, template, sid, MOST_ROUNDS).await;
        Ok(searched.map_err(|error| self.explained(error))?)
    }

    /// What the index of a user leads to, and whether there is more. Entries that lead nowhere are taken out.
    async fn indexed(
        &self,
        user_id: &str,
        now: Now,
    ) -> Result<(Vec<(SessionKey, Stored)>, bool), LookupError> {
        let keys = self.index_of(user_id, now.wall).await?;
        let is_cut = keys.len() > MOST_LISTED;
        let mut found = Vec::new();
        // Keys that are none of this template are of another source.
        let ours = keys.iter().filter_map(|key| self.session_at(key));
        for session in ours.take(MOST_LISTED) {
            match self.look(&session, now).await? {
                None => user_index::remove(&self.servers, user_id, &session.key).await?,
                Some(Ok(stored)) if stored.session.user_id != user_id => {}
                Some(stored) => found.push((session, stored)),
            }
        }
        Ok((found, is_cut))
    }

    async fn index_of(&self, user_id: &str, now: UnixMillis) -> Result<Vec<Vec<u8>>, StoreError> {
        let keys = user_index::keys(&self.servers, user_id, now).await;
        keys.map_err(|error| self.explained(error))
    }

    fn session_at(&self, key: &[u8]) -> Option<SessionKey> {
        self.key.as_ref()?.session_at(key)
    }

    async fn look(&self, session: &SessionKey, now: Now) -> Result<Option<Stored>, LookupError> {
        let read = async {
            let record = self.read(&session.key, session.digest, now);
            let (record, seen) = tokio::join!(record, self.last_seen(session.digest));
            let Some(mut stored) = record? else {
                return Ok(None);
            };
            stored.last_seen = seen?;
            Ok(Some(stored))
        };
        match read.await {
            Ok(stored) => Ok(stored.map(Ok)),
            Err(LookupError::Broken(broken)) => Ok(Some(Err(broken))),
            Err(failure) => Err(failure),
        }
    }

    /// How many records that were: one, or none if somebody else was faster.
    async fn delete(
        &self,
        session: &SessionKey,
        user_id: Option<&str>,
    ) -> Result<usize, StoreError> {
        let mut delete = pipe();
        delete.cmd("DEL").arg(&*session.key);
        let deleted = reply(&self.servers, &delete).await;
        let deleted = deleted.map_err(|error| self.explained(error))?;
        self.servers.changed(session.key.as_bytes());
        if let Some(user_id) = user_id {
            user_index::remove(&self.servers, user_id, &session.key).await?;
        }
        Ok(usize::from(deleted == redis::Value::Int(1)))
    }

    /// With what an ACL has to allow for all of this.
    fn explained(&self, error: StoreError) -> StoreError {
        if error.kind != StoreFault::Auth || !error.detail.starts_with("NOPERM") {
            return error;
        }
        let records = self.records_pattern();
        StoreError {
            kind: error.kind,
            detail: format!(
                "{}; administering sessions takes {records}~sessiongate:* &sessiongate:* +getrange +pttl +set +del +eval \
                 +get +scan +zadd +zrem +zrevrange +zremrangebyscore +persist +pexpireat +publish",
                error.detail
            )
            .into(),
        }
    }
}

const NO_RECORDS: &str = "no session records are kept here";
const GAVE_UP: &str = "the store holds more keys than one search looks at; the record was not found, and is refused for 30 days";
const MORE: &str = "more sessions than one call deletes; the rest is refused until it ends";
