//! `Loader`: from a store's answers to what is remembered: the record, what is said of its user, its last use.

use super::reported::Reported;
use super::source::Source;
use super::user_facts::UserFacts;
use crate::cache::{Backing, CacheKey, Ending, Loaded, Lookup, SessionCache};
use crate::clock::Now;
use crate::headers::HeaderPlan;
use crate::identity::Identity;
use crate::store::{LookupError, SessionKey, StoreError, StoreFault, StoredSession};
use crate::token::{Credential, TokenDigest};
use std::sync::Arc;

/// What the cache learns from one load.
pub(super) type Answer = Loaded<Arc<Identity>, LookupError>;

/// Everything that loading takes, besides the source. A clone shares it.
#[derive(Clone)]
pub(super) struct Loader {
    pub(super) plans: Arc<[HeaderPlan]>,
    pub(super) sessions: SessionCache<Arc<Identity>, LookupError>,
    pub(super) users: SessionCache<UserFacts, LookupError>,
    pub(super) reported: Arc<Reported>,
}

impl Loader {
    /// What a shown credential leads to.
    pub(super) async fn shown(&self, source: &Arc<Source>, credential: &Credential) -> Answer {
        let asked = Now::read();
        let found = source.store.find(credential, asked).await;
        self.understand(source, credential.digest(), asked, found)
            .await
    }

    /// What lies under a key that has just been written.
    pub(super) async fn touched(&self, source: &Arc<Source>, session: &SessionKey) -> Answer {
        let asked = Now::read();
        let found = source.store.find_again(session, asked).await;
        self.understand(source, session.digest, asked, found).await
    }

    async fn understand(
        &self,
        source: &Arc<Source>,
        session: TokenDigest,
        asked: Now,
        found: Result<Option<StoredSession>, LookupError>,
    ) -> Answer {
        source.metrics.asked(found.as_ref().err(), asked);
        let mut stored = match found {
            Ok(Some(stored)) => stored,
            Ok(None) => return Loaded::Absent,
            Err(fault) => return self.failed(source, session, asked, fault),
        };
        let ended = |why, backing| Loaded::Ended { why, backing };
        if stored.is_revoked {
            return ended(Ending::Revoked, None);
        }
        let user = match self.user(source, &stored.session.user_id).await {
            Ok(user) => user,
            Err(fault) => return self.failed(source, session, asked, fault),
        };
        let backing = Some(user.backing);
        if user.mark.revokes(stored.created_at()) {
            return ended(Ending::Revoked, backing);
        }
        stored.session.disabled |= user.mark.disabled;
        stored.session.idle_timeout = stored.session.idle_timeout.or(source.idle_timeout);
        let identity = Identity::derive(&stored, &self.plans, asked.wall);
        let now = Now::read();
        let key = CacheKey::new(source.fingerprint, session);
        if let Some(earlier) = self.sessions.remembered(&key, now) {
            identity.recall(&earlier);
        }
        if identity.is_idle(now.wall) {
            return ended(Ending::Idle, backing);
        }
        Loaded::Found {
            expires_at: identity.expires_at,
            value: Arc::new(identity),
            backing,
        }
    }

    /// One more round trip, for a user of whom nothing is known.
    async fn user(&self, source: &Arc<Source>, user_id: &str) -> Result<UserFacts, LookupError> {
        let key = CacheKey::new(source.fingerprint, TokenDigest::of(user_id));
        let now = Now::read();
        let known = self.users.peek(&key, &source.epoch, now);
        let lookup = match known {
            Some(known) => known,
            None => {
                let (source, sessions) = (Arc::clone(source), self.sessions.clone());
                let (epoch, user_id) = (Arc::clone(&source.epoch), user_id.to_owned());
                let load = move || async move { mark(&source, &sessions, key, &user_id).await };
                self.users.load(key, &epoch, now, Now::read, load).await
            }
        };
        match lookup {
            Lookup::Hit(user) | Lookup::Loaded(user) | Lookup::Stale(user) => Ok(user),
            Lookup::Failed(fault) => Err(fault),
            Lookup::KnownAbsent
            | Lookup::Absent
            | Lookup::KnownEnded(_)
            | Lookup::Ended(_)
            | Lookup::Overloaded
            | Lookup::Aborted => Err(LookupError::Store(StoreError {
                kind: StoreFault::Overload,
                detail: "too many users are asked for at once".into(),
            })),
        }
    }

    fn failed(
        &self,
        source: &Source,
        session: TokenDigest,
        asked: Now,
        fault: LookupError,
    ) -> Answer {
        let LookupError::Broken(record) = &fault else {
            return Loaded::Failed(fault);
        };
        self.reported
            .broken(source, session.sid(), record, asked.mono);
        Loaded::Broken(fault)
    }
}

/// No mark is an answer too: nearly every user has none. What will rest on it are sessions, so the tie is of their cache.
async fn mark(
    source: &Source,
    sessions: &SessionCache<Arc<Identity>, LookupError>,
    key: CacheKey,
    user_id: &str,
) -> Loaded<UserFacts, LookupError> {
    let backing = Backing {
        tie: sessions.tie(&key),
        asked: Now::read(),
    };
    let answer = source.store.user(user_id).await;
    source.metrics.asked(answer.as_ref().err(), backing.asked);
    match answer {
        Ok(mark) => Loaded::Found {
            value: UserFacts { mark, backing },
            expires_at: None,
            backing: None,
        },
        Err(fault @ LookupError::Broken(_)) => Loaded::Broken(fault),
        Err(fault) => Loaded::Failed(fault),
    }
}
