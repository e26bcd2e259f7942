//! `Loader`: from a store's answers to what is remembered: the record, what is said of its user, its last use.

use super::reported::Reported;
use super::source::Source;
use super::user_facts::UserFacts;
use crate::cache::{Backing, CacheKey, Ending, Loaded, Lookup, SessionCache, Tie};
use crate::clock::Now;
use crate::headers::HeaderPlan;
use crate::identity::Identity;
use crate::store::{
    Carried, LookupError, NoSession, SessionKey, StoreError, StoreFault, StoredSession,
};
use crate::token::{Credential, TokenDigest};
use std::sync::Arc;
use tracing::debug;

/// What the cache learns from one load.
pub(super) type Answer = Loaded<Arc<Identity>, LookupError>;

/// Which session.
#[derive(Clone)]
pub(super) enum Wanted {
    /// That of a credential.
    Shown(Credential),
    /// That whose record has just been written.
    Touched(SessionKey),
}

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
        let asked = Now::read();
        let mut question = Question {
            session: wanted.session(),
            name: None,
            asked,
        };
        let found = match wanted {
            Wanted::Shown(credential) => {
                let name = source.store.other_name(credential);
                question.name = name.map(|name| self.tie(name));
                source.store.find(credential, asked).await
            }
            Wanted::Touched(session) => source.store.find_again(session, asked).await,
        };
        source.metrics.asked(found.as_ref().err(), asked);
        let understood = match found {
            Ok(Some(stored)) => self.understand(source, &mut question, stored).await,
            Ok(None) => return Loaded::Absent,
            Err(fault) => Err(fault),
        };
        understood.unwrap_or_else(|fault| self.failed(source, &question, fault))
    }

    async fn understand(
        &self,
        source: &Arc<Source>,
        question: &mut Question,
        mut stored: StoredSession,
    ) -> Result<Answer, LookupError> {
        if let Some(carried) = stored.carried.take() {
            self.hear_of(source, question, &carried, &mut stored)
                .await?;
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
        let user = self.user(source, &stored.session.user_id).await?;
        backing.tie = Some(user.tie);
        if user.asked.mono < backing.asked.mono {
            backing.asked = user.asked;
        }
        if user.mark.revokes(stored.created_at()) {
            return ended(Ending::Revoked, backing);
        }
        stored.session.disabled |= user.mark.disabled;
        stored.session.idle_timeout = stored.session.idle_timeout.or(source.idle_timeout);
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

    /// A session that carries its own record: what its source says of its names.
    async fn hear_of(
        &self,
        source: &Source,
        question: &mut Question,
        carried: &Carried,
        stored: &mut StoredSession,
    ) -> Result<(), LookupError> {
        let token_id = carried.token_id();
        if let Some(id) = token_id {
            question.name = Some(self.tie(TokenDigest::of(id)));
        }
        let standing = source.store.standing(question.session, token_id).await?;
        stored.is_revoked |= standing.is_revoked;
        stored.last_seen = standing.last_seen;
        Ok(())
    }

    fn tie(&self, name: TokenDigest) -> Tie {
        // Names are the same at every source.
        self.sessions.tie(&CacheKey::new(0, name))
    }

    /// One more round trip, for a user of whom nothing is known.
    async fn user(&self, source: &Arc<Source>, user_id: &str) -> Result<UserFacts, LookupError> {
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

/// What is being asked.
struct Question {
    session: TokenDigest,
    /// Of its other name, taken before what is said of that was asked for.
    name: Option<Tie>,
    asked: Now,
}

impl Wanted {
    fn session(&self) -> TokenDigest {
        match self {
            Self::Shown(credential) => credential.digest(),
            Self::Touched(session) => session.digest,
        }
    }
}

/// A change of connections is a loss and a return.
const ATTEMPTS: usize = 3;

/// No mark is an answer too: nearly every user has none. What will rest on it are sessions, so the tie is of their cache.
async fn mark(
    source: &Source,
    sessions: &SessionCache<Arc<Identity>, LookupError>,
    key: CacheKey,
    user_id: &str,
) -> Loaded<UserFacts, LookupError> {
    let (tie, asked) = (sessions.tie(&key), Now::read());
    let answer = source.store.user(user_id).await;
    source.metrics.asked(answer.as_ref().err(), asked);
    match answer {
        Ok(mark) => Loaded::Found {
            value: UserFacts { mark, tie, asked },
            expires_at: None,
            backing: None,
        },
        Err(fault @ LookupError::Store(_)) => Loaded::Failed(fault),
        Err(fault) => Loaded::Broken(fault),
    }
}
