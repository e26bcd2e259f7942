//! `MemoryStore`: the embedded store. Sessions of a seed file and of an administrator, kept in the process, gone with it.

use super::contract::{LookupError, SessionStore, StoreError, StoreFault};
use super::feed::{Change, ChangeSink, Feed, FeedMode};
use super::session::{SessionKey, StoredSession};
use super::settings::MemorySettings;
use super::user_mark::UserMark;
use crate::clock::{Now, UnixMillis};
use crate::token::{Credential, TokenDigest};
use async_trait::async_trait;
use dashmap::DashMap;
use std::sync::{Arc, OnceLock};

/// Sessions by token digest, each with its absolute end.
pub struct MemoryStore {
    pub(super) sessions: DashMap<TokenDigest, StoredSession>,
    pub(super) users: DashMap<String, UserMark>,
    /// What was revoked by its name alone, until then.
    pub(super) revoked: DashMap<String, UnixMillis>,
    /// Uses of sessions whose record is not here, kept until then.
    pub(super) uses: DashMap<TokenDigest, (UnixMillis, UnixMillis)>,
    pub(super) sink: OnceLock<Arc<dyn ChangeSink>>,
}

impl MemoryStore {
    /// Takes the seeded sessions in; their TTLs count from `now`.
    #[must_use]
    pub fn open(settings: &MemorySettings, now: Now) -> Self {
        let sessions = settings.sessions.iter().map(|(digest, seed)| {
            let end = seed.ttl.map(|ttl| now.wall.after(ttl));
            (*digest, StoredSession::new(seed.session.clone(), end))
        });
        Self {
            sessions: sessions.collect(),
            users: DashMap::new(),
            revoked: DashMap::new(),
            uses: DashMap::new(),
            sink: OnceLock::new(),
        }
    }

    fn session(&self, digest: TokenDigest, now: Now) -> Option<StoredSession> {
        // As in Redis, only the store's own end removes a record; one whose `expires_at` has passed is still found.
        self.sessions.remove_if(&digest, |_, stored| {
            stored.store_expires_at.is_some_and(|end| end <= now.wall)
        });
        self.sessions.get(&digest).map(|stored| stored.clone())
    }
}

/// Refuses what the store has no room for (R15).
pub(super) fn has_room(kept: usize) -> Result<(), StoreError> {
    if kept < MOST_KEPT {
        return Ok(());
    }
    Err(StoreError {
        kind: StoreFault::Overload,
        detail: "the embedded store is full; use `redis` for so many sessions".into(),
    })
}

/// Sessions, marks of users, names and uses, each.
pub(super) const MOST_KEPT: usize = 100_000;

#[async_trait]
impl SessionStore for MemoryStore {
    fn watch(&self, sink: Arc<dyn ChangeSink>) {
        let sink = self.sink.get_or_init(|| sink);
        sink.lost();
        sink.restored();
    }

    fn feed(&self) -> Feed {
        Feed {
            mode: FeedMode::Process,
            vouching: true,
        }
    }

    async fn find(
        &self,
        credential: &Credential,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        Ok(self.session(credential.digest(), now))
    }

    async fn find_again(
        &self,
        session: &SessionKey,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        Ok(self.session(session.digest, now))
    }

    async fn is_revoked(
        &self,
        session: TokenDigest,
        token_id: Option<&str>,
    ) -> Result<bool, LookupError> {
        let names = [Some(session.sid().to_string()), token_id.map(str::to_owned)];
        let mut names = names.into_iter().flatten();
        Ok(names.any(|name| self.revoked.contains_key(&name)))
    }

    async fn last_seen(&self, session: TokenDigest) -> Result<Option<UnixMillis>, LookupError> {
        let with_record = self.sessions.get(&session);
        let with_record = with_record.and_then(|stored| stored.last_seen);
        Ok(with_record.or_else(|| self.uses.get(&session).map(|used| used.0)))
    }

    async fn user(&self, user_id: &str) -> Result<UserMark, LookupError> {
        Ok(self
            .users
            .get(user_id)
            .map(|mark| *mark)
            .unwrap_or_default())
    }

    async fn seen(
        &self,
        session: TokenDigest,
        at: UnixMillis,
        keep_until: UnixMillis,
    ) -> Result<(), StoreError> {
        if let Some(mut stored) = self.sessions.get_mut(&session) {
            stored.last_seen = stored.last_seen.max(Some(at));
            return Ok(());
        }
        if self.uses.len() >= MOST_KEPT {
            self.uses.retain(|_, (_, kept)| *kept > at);
        }
        has_room(self.uses.len())?;
        self.uses.insert(session, (at, keep_until));
        Ok(())
    }

    async fn end(&self, credential: &Credential) -> Result<(), StoreError> {
        let digest = credential.digest();
        self.sessions.remove(&digest);
        if let Some(sink) = self.sink.get() {
            sink.changed(Change::Session(digest));
        }
        Ok(())
    }

    fn is_up(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;
    use crate::clock::Now;
    use crate::store::contract::SessionStore;
    use crate::store::native::decode_native;
    use crate::store::settings::{MemorySettings, SeedSession};
    use crate::token::{Credential, TokenDigest};
    use std::time::Duration;

    #[tokio::test]
    async fn a_seeded_session_lives_as_long_as_its_ttl() {
        let session = decode_native(br#"{"v":1,"user_id":"u-1"}"#).expect("a good record");
        let seed = |ttl| SeedSession {
            session: session.clone(),
            ttl,
        };
        let settings = MemorySettings {
            sessions: vec![
                (
                    TokenDigest::of("short"),
                    seed(Some(Duration::from_millis(1_000))),
                ),
                (TokenDigest::of("endless"), seed(None)),
            ],
        };
        let start = Now::read();
        let store = MemoryStore::open(&settings, start);
        let cases = [
            ("short", 0, true),
            ("short", 999, true),
            ("short", 1_000, false),
            ("short", 0, false),
            ("endless", u64::from(u32::MAX), true),
            ("unknown", 0, false),
        ];
        for (token, after_ms, there) in cases {
            let now = start.after(Duration::from_millis(after_ms));
            let found = store.find(&Credential::new(token), now).await;
            let found = found.expect("the embedded store always answers");
            assert_eq!(found.is_some(), there, "{token} after {after_ms} ms");
            if let (Some(found), "short") = (found, token) {
                assert_eq!(
                    found.store_expires_at,
                    Some(start.wall.after(Duration::from_millis(1_000)))
                );
            }
        }
    }
}
