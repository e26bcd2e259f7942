//! The questions that a source is asked, each counted with its time and its failure.

use super::source::Source;
use super::user_facts::UserFacts;
use super::wanted::Wanted;
use crate::cache::{CacheKey, Loaded, SessionCache};
use crate::clock::{Now, UnixMillis};
use crate::identity::Identity;
use crate::store::{LookupError, StoredSession};
use crate::token::TokenDigest;
use std::sync::Arc;

pub(super) type Answered<T> = Result<T, LookupError>;
pub(super) type LastSeen = Option<UnixMillis>;

/// The record. `asked`: no later than now.
pub(super) async fn find(
    source: &Source,
    wanted: &Wanted,
    asked: Now,
) -> Answered<Option<StoredSession>> {
    let found = match wanted {
        Wanted::Shown(credential) => source.store.find(credential, asked).await,
        Wanted::Touched(session) => source.store.find_again(session, asked).await,
    };
    counted(source, asked, found)
}

/// Of a session that carries its own record.
pub(super) async fn is_revoked(
    source: &Source,
    session: TokenDigest,
    token_id: Option<&str>,
) -> Answered<bool> {
    let asked = Now::read();
    let revoked = source.store.is_revoked(session, token_id).await;
    counted(source, asked, revoked)
}

pub(super) async fn last_seen(source: &Source, session: TokenDigest) -> Answered<LastSeen> {
    let asked = Now::read();
    let seen = source.store.last_seen(session).await;
    counted(source, asked, seen)
}

/// No mark is an answer too: nearly every user has none. What will rest on it are sessions, so the tie is of their cache.
pub(super) async fn mark(
    source: &Source,
    sessions: &SessionCache<Arc<Identity>, LookupError>,
    key: CacheKey,
    user_id: &str,
) -> Loaded<UserFacts, LookupError> {
    let (tie, asked) = (sessions.tie(&key), Now::read());
    match counted(source, asked, source.store.user(user_id).await) {
        Ok(mark) => Loaded::Found {
            value: UserFacts { mark, tie, asked },
            expires_at: None,
            backing: None,
        },
        Err(fault @ LookupError::Store(_)) => Loaded::Failed(fault),
        Err(fault) => Loaded::Broken(fault),
    }
}

fn counted<T>(source: &Source, asked: Now, answer: Answered<T>) -> Answered<T> {
    source.metrics.asked(answer.as_ref().err(), asked);
    answer
}
