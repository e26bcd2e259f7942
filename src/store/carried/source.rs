//! `CarriedStore`: a reader of credentials, and the store in which revocations are kept.

use super::following::Following;
use super::reader::SessionReader;
use crate::clock::{Now, UnixMillis};
use crate::store::administration::Administration;
use crate::store::contract::{LookupError, ServerState, SessionStore, StoreError};
use crate::store::feed::{ChangeSink, Feed};
use crate::store::revocation::Revocation;
use crate::store::session::{Carried, SessionKey, StoredSession};
use crate::store::user_mark::UserMark;
use crate::token::{Credential, Sid, TokenDigest};
use async_trait::async_trait;
use std::sync::Arc;

/// What was shown says who it is; the marks say whether that still holds (seed 001: a token that is no longer good).
pub(in crate::store) struct CarriedStore {
    reader: Box<dyn SessionReader>,
    /// No records of sessions are in it.
    pub(super) marks: Arc<dyn Administration>,
    /// Another service's Redis, which tells of sessions that have ended there.
    pub(super) following: Option<Following>,
}

impl CarriedStore {
    pub(in crate::store) fn new(
        reader: Box<dyn SessionReader>,
        marks: Arc<dyn Administration>,
        following: Option<Following>,
    ) -> Self {
        Self {
            reader,
            marks,
            following,
        }
    }
}

#[async_trait]
impl SessionStore for CarriedStore {
    async fn start(&self) {
        self.marks.start().await;
        self.reader.start().await;
        if let Some(following) = &self.following {
            following.start().await;
        }
    }

    fn watch(&self, sink: Arc<dyn ChangeSink>) {
        match &self.following {
            Some(following) => following.watch(&*self.marks, sink),
            None => self.marks.watch(sink),
        }
    }

    fn feed(&self) -> Feed {
        let marks = self.marks.feed();
        match &self.following {
            Some(following) => following.feed(marks),
            None => marks,
        }
    }

    async fn find(
        &self,
        credential: &Credential,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        self.reader.read(credential, now).await
    }

    /// Nobody tells of records here.
    async fn find_again(
        &self,
        _session: &SessionKey,
        _now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        Ok(None)
    }

    /// The marks are not asked for what is not believed; for what is, all of it is asked for at once after reading it.
    fn keeps_records(&self) -> bool {
        false
    }

    fn other_name(&self, credential: &Credential) -> Option<TokenDigest> {
        self.reader.other_name(credential)
    }

    async fn is_revoked(
        &self,
        session: TokenDigest,
        token_id: Option<&str>,
    ) -> Result<bool, LookupError> {
        self.marks.is_revoked(session, token_id).await
    }

    async fn last_seen(&self, session: TokenDigest) -> Result<Option<UnixMillis>, LookupError> {
        self.marks.last_seen(session).await
    }

    async fn user(&self, user_id: &str) -> Result<UserMark, LookupError> {
        self.marks.user(user_id).await
    }

    async fn seen(
        &self,
        session: TokenDigest,
        at: UnixMillis,
        keep_until: UnixMillis,
    ) -> Result<(), StoreError> {
        self.marks.seen(session, at, keep_until).await
    }

    /// What proves itself is revoked until it ends by itself: by its id, so that the same token in another place or
    /// spelling is meant too, else by its name. So is one whose id could be the name of a session, perhaps somebody
    /// else's: whoever gets such a token issued must not end that session by logging out.
    async fn end(&self, credential: &Credential) -> Result<(), StoreError> {
        let now = Now::read();
        let stored = match self.reader.read(credential, now).await {
            Ok(Some(stored)) => stored,
            Ok(None) | Err(LookupError::Broken(_) | LookupError::Without(_)) => return Ok(()),
            Err(LookupError::Store(failure)) => return Err(failure),
        };
        let sid = credential.digest().sid();
        let revocation = match &stored.carried {
            Some(carried @ Carried::Proven { .. }) => {
                let id = carried.token_id().filter(|id| Sid::from_hex(id).is_none());
                Revocation::Token {
                    id: id.map_or_else(|| sid.to_string(), str::to_owned),
                    until: Some(stored.expires_at().unwrap_or(UnixMillis::MAX)),
                }
            }
            Some(Carried::Vouched) | None => Revocation::Session(sid),
        };
        self.marks.revoke(&revocation, now).await.map(drop)
    }

    fn is_up(&self) -> bool {
        self.marks.is_up() && self.reader.is_up()
    }

    fn servers(&self) -> Vec<ServerState> {
        let mut servers = self.marks.servers();
        servers.extend(self.reader.servers());
        servers.extend(self.following.iter().flat_map(Following::servers));
        servers
    }
}
