//! `Loader`: from a store's answers to what is remembered: the record, what is said of its user, its last use.

use super::asking::{Answered, LastSeen, find, is_revoked, last_seen, mark};
use super::reported::Reported;
use super::source::Source;
use super::user_facts::UserFacts;
use super::wanted::Wanted;
use crate::cache::{Backing, CacheKey, Ending, Loaded, Lookup, SessionCache, Tie};
use crate::clock::Now;
use crate::headers::HeaderPlan;
use crate::identity::Identity;
use crate::store::{Carried, LookupError, NoSession, StoreError, StoreFault, StoredSession};
use crate::token::TokenDigest;
use std::sync::Arc;
use tracing::debug;

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
    /// What a session is just now.
    ///
    /// Asks again where a failure came while the source changed: it may be that of the connection before, and what is known
    /// does not bridge it any more once the source is back.
    pub(super) async fn load(&self, source: &Arc<Source>, wanted: &Wanted) -> Answer {
        for _ in 1..ATTEMPTS {
            let epoch = source.epoch.current();
            let answer = self.ask(source, wanted).await;
            if !matches!(answer, Loaded::Failed(_)) || source.epoch.current() == epoch {
                return answer;
            }
        }
        self.ask(source, wanted).await
    }

    async fn ask(&self, source: &Arc<Source>, wanted: &Wanted) -> Answer {
        let mut question = Question {
            session: wanted.session(),
            name: None,
            asked: Now::read(),
        };
        if let Wanted::Shown(credential) = wanted {
            let name = source.store.other_name(credential);
            question.name = name.map(|name| self.tie(name));
        }
        let (found, ahead) = if source.store.keeps_records() {
            self.find_ahead(source, wanted, &question).await
        } else {
            let found = find(source, wanted, question.asked).await;
            (found, Ahead::default())
        };
        let understood = match found {
            Ok(Some(stored)) => self.understand(source, &mut question, stored, ahead).await,
            Ok(None) => return Loaded::Absent,
            Err(fault) => Err(fault),
        };
        understood.unwrap_or_else(|fault| self.failed(source, &question, fault))
    }

    /// Asks with the record for what will most likely be needed with it: one round trip less.
    async fn find_ahead(
        &self,
        source: &Arc<Source>,
        wanted: &Wanted,
        question: &Question,
    ) -> (Answered<Option<StoredSession>>, Ahead) {
        let key = CacheKey::new(source.fingerprint, question.session);
        let earlier = self.sessions.remembered(&key, question.asked);
        let can_be_idle = source.idle_timeout.is_some()
            || earlier
                .as_ref()
                .is_some_and(|earlier| earlier.can_be_idle());
        let user = async {
            let earlier = earlier?;
            let facts = self.user(source, earlier.user_id()).await;
            Some((earlier, facts))
        };
        let seen = async {
            let seen = can_be_idle.then(|| last_seen(source, question.session));
            Some(seen?.await)
        };
        let (found, user, seen) = tokio::join!(find(source, wanted, question.asked), user, seen);
        (found, Ahead { user, seen })
    }

    async fn understand(
        &self,
        source: &Arc<Source>,
        question: &mut Question,
        mut stored: StoredSession,
        ahead: Ahead,
    ) -> Result<Answer, LookupError> {
        let carried = stored.carried.take();
        if let Some(id) = carried.as_ref().and_then(Carried::token_id) {
            question.name = Some(self.tie(TokenDigest::of(id)));
        }
        let mut backing = Backing {
            tie: None,
            name: question.name,
            asked: question.asked,
            trust_for: stored.trust_for,
        };
        let ended = |why, backing| {
            let backing = Some(backing);
            Ok(Loaded::Ended { why, backing })
        };
        if stored.is_revoked {
            return ended(Ending::Revoked, backing);
        }
        stored.session.idle_timeout = stored.session.idle_timeout.or(source.idle_timeout);
        let (revoked, user, seen) = self
            .complete(source, question, &stored, carried, ahead)
            .await;
        if revoked? {
            return ended(Ending::Revoked, backing);
        }
        let user = user?;
        backing.tie = Some(user.tie);
        if user.asked.mono < backing.asked.mono {
            backing.asked = user.asked;
        }
        if user.mark.revokes(stored.created_at()) {
            return ended(Ending::Revoked, backing);
        }
        stored.session.disabled |= user.mark.disabled;
        stored.last_seen = seen?;
        let identity = Identity::derive(&stored, &self.plans, question.asked.wall);
        let now = Now::read();
        let key = CacheKey::new(source.fingerprint, question.session);
        if let Some(earlier) = self.sessions.remembered(&key, now) {
            identity.recall(&earlier);
        }
        if identity.is_idle(now.wall) {
            return ended(Ending::Idle, backing);
        }
        Ok(Loaded::Found {
            expires_at: identity.expires_at,
            value: Arc::new(identity),
            backing: Some(backing),
        })
    }

    /// What the record does not say: whether it is revoked, if it is not the store's; what is said of its user; its last use,
    /// where that matters. All at once.
    async fn complete(
        &self,
        source: &Arc<Source>,
        question: &Question,
        stored: &StoredSession,
        carried: Option<Carried>,
        ahead: Ahead,
    ) -> (Answered<bool>, Answered<UserFacts>, Answered<LastSeen>) {
        let session = &stored.session;
        let revoked = async {
            let Some(carried) = carried else {
                return Ok(false);
            };
            is_revoked(source, question.session, carried.token_id()).await
        };
        let user = async {
            match ahead.user {
                Some((earlier, facts)) if earlier.user_id() == session.user_id => facts,
                _ => self.user(source, &session.user_id).await,
            }
        };
        let seen = async {
            match ahead.seen {
                None if session.idle_timeout.is_some() => last_seen(source, question.session).await,
                seen => seen.unwrap_or(Ok(None)),
            }
        };
        tokio::join!(revoked, user, seen)
    }

    fn tie(&self, name: TokenDigest) -> Tie {
        // Names are the same at every source.
        self.sessions.tie(&CacheKey::new(0, name))
    }

    /// Asks for a user of whom nothing is known.
    async fn user(&self, source: &Arc<Source>, user_id: &str) -> Answered<UserFacts> {
        let key = CacheKey::new(source.fingerprint, TokenDigest::of(user_id));
        let now = Now::read();
        let known = self.users.peek(&key, &source.epoch, now);
        let lookup = match known {
            Some(known) => known,
            None => {
                let load = mark(source, &self.sessions, key, user_id);
                let users = &self.users;
                users
                    .load_along(key, &source.epoch, now, Now::read, load)
                    .await
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

    fn failed(&self, source: &Source, question: &Question, fault: LookupError) -> Answer {
        let why = match &fault {
            LookupError::Store(_) => return Loaded::Failed(fault),
            LookupError::Broken(record) => {
                let (session, asked) = (question.session.sid(), question.asked.mono);
                self.reported.broken(source, session, record, asked);
                return Loaded::Broken(fault);
            }
            LookupError::Without(NoSession::Guest) => Ending::Guest,
            LookupError::Without(NoSession::Flawed(flaw)) => {
                let sid = question.session.sid();
                debug!(source = &*source.name, %sid, "a credential is not believed: {flaw}");
                Ending::Flawed(flaw.kind)
            }
        };
        Loaded::Ended { why, backing: None }
    }
}

/// What was asked for before the record said that it is needed; of no use if the record says otherwise.
#[derive(Default)]
struct Ahead {
    /// What is said of the user that the session had when it was last loaded.
    user: Option<(Arc<Identity>, Answered<UserFacts>)>,
    /// The last use.
    seen: Option<Answered<LastSeen>>,
}

/// What is being asked.
struct Question {
    session: TokenDigest,
    /// Of its other name, taken before what is said of that was asked for.
    name: Option<Tie>,
    asked: Now,
}

/// A change of connections is a loss and a return.
const ATTEMPTS: usize = 3;
