//! `Ledger`: revocations that were announced and are not written in the store yet. Until they are, this node alone keeps
//! them; an announcement made while the store is away, read-only or full is not lost.

use crate::clock::{Now, UnixMillis};
use crate::store::feed::{Change, ChangeSink};
use crate::store::message::Message;
use crate::store::revocation::Revocation;
use crate::token::Sid;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tracing::error;

/// Bounded; the oldest gives way (R15).
#[derive(Default)]
pub(super) struct Ledger {
    held: Mutex<VecDeque<Revocation>>,
    /// As many as are held: nearly always none, and then a lookup takes no lock.
    count: AtomicUsize,
    arrived: Notify,
}

impl Ledger {
    /// `false`: an older one had to give way.
    pub(super) fn add(&self, revocation: Revocation) -> bool {
        let mut held = self.held();
        if held.contains(&revocation) {
            return true;
        }
        let has_room = held.len() < MOST;
        if !has_room {
            held.pop_front();
        }
        held.push_back(revocation);
        self.count.store(held.len(), Ordering::Release);
        drop(held);
        self.arrived.notify_one();
        has_room
    }

    /// The oldest, once there is one.
    pub(super) async fn oldest(&self) -> Revocation {
        loop {
            if let Some(oldest) = self.held().front() {
                return oldest.clone();
            }
            self.arrived.notified().await;
        }
    }

    /// It cannot be written just now: the others come first, since what is refused may be this one alone.
    pub(super) fn postpone(&self, refused: &Revocation) {
        let mut held = self.held();
        if held.front() == Some(refused) {
            held.rotate_left(1);
        }
    }

    /// It is written.
    pub(super) fn settle(&self, written: &Revocation) {
        let mut held = self.held();
        held.retain(|revocation| revocation != written);
        self.count.store(held.len(), Ordering::Release);
    }

    /// By a message about the session, or about a signed token of that name: both are written under one key.
    pub(super) fn revokes(&self, session: Sid) -> bool {
        self.any(|revocation| match revocation {
            Revocation::Session(sid) => *sid == session,
            Revocation::Token { id, .. } => Sid::from_hex(id) == Some(session),
            Revocation::User { .. } => false,
        })
    }

    pub(super) fn revokes_token(&self, token_id: &str) -> bool {
        self.any(|revocation| matches!(revocation, Revocation::Token { id, .. } if id == token_id))
    }

    /// The latest "log out everywhere" of this user.
    pub(super) fn not_before(&self, user_id: &str) -> Option<UnixMillis> {
        if self.is_empty() {
            return None;
        }
        let of_user = |revocation: &Revocation| match revocation {
            Revocation::User { id, not_before } if id == user_id => *not_before,
            _ => None,
        };
        self.held().iter().filter_map(of_user).max()
    }

    fn any(&self, matches: impl Fn(&Revocation) -> bool) -> bool {
        !self.is_empty() && self.held().iter().any(matches)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Nothing under this lock can leave it half changed, so a poisoned one is as good as any.
    fn held(&self) -> MutexGuard<'_, VecDeque<Revocation>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts every announced revocation into the ledger before anybody hears of it: it counts from then on, whether or not it
/// can be written down.
pub(super) struct LedgerSink {
    pub(super) name: Arc<str>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) sink: Arc<dyn ChangeSink>,
}

impl ChangeSink for LedgerSink {
    fn changed(&self, change: Change<'_>) {
        self.sink.changed(change);
    }

    fn message(&self, message: &Message) {
        let message = message.heard_at(Now::read().wall);
        if let Ok(revocation) = &message.meaning
            && !self.ledger.add(revocation.clone())
        {
            error!(
                store = &*self.name,
                "more revocations are announced than can be written down; the oldest is forgotten"
            );
        }
        self.sink.message(&message);
    }

    fn lost(&self) {
        self.sink.lost();
    }

    fn restored(&self) {
        self.sink.restored();
    }

    fn flushed(&self) {
        self.sink.flushed();
    }

    fn lag(&self, lag: Duration) {
        self.sink.lag(lag);
    }
}

const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::{Ledger, MOST, Revocation};
    use crate::clock::UnixMillis;
    use crate::token::TokenDigest;

    #[tokio::test]
    async fn what_is_held_counts_until_it_is_written() {
        let ledger = Ledger::default();
        let sid = TokenDigest::of("token").sid();
        let user = |at| Revocation::User {
            id: "u-17".to_owned(),
            not_before: Some(UnixMillis(at)),
        };
        assert!(!ledger.revokes(sid));
        let as_token = Revocation::Token {
            id: sid.to_string(),
            until: None,
        };
        assert!(ledger.add(as_token.clone()) && ledger.revokes(sid));
        ledger.settle(&as_token);
        for revocation in [Revocation::Session(sid), user(5), user(9), user(7)] {
            assert!(ledger.add(revocation));
        }
        assert!(ledger.revokes(sid) && !ledger.revokes(TokenDigest::of("other").sid()));
        assert_eq!(ledger.not_before("u-17"), Some(UnixMillis(9)));
        assert_eq!(ledger.not_before("u-18"), None);
        let oldest = ledger.oldest().await;
        assert_eq!(oldest, Revocation::Session(sid));
        ledger.settle(&oldest);
        assert!(!ledger.revokes(sid));
        assert_eq!(ledger.oldest().await, user(5));
        let token = Revocation::Token {
            id: "t".to_owned(),
            until: None,
        };
        assert!(!ledger.revokes_token("t"));
        assert!(ledger.add(token) && ledger.revokes_token("t") && !ledger.revokes_token("u"));
    }

    #[test]
    fn it_is_bounded_and_the_newest_stay() {
        let ledger = Ledger::default();
        let token = |number: usize| Revocation::Token {
            id: number.to_string(),
            until: None,
        };
        for number in 0..MOST {
            assert!(ledger.add(token(number)));
        }
        assert!(ledger.add(token(0)), "it is held already");
        assert!(!ledger.add(token(MOST)));
        assert_eq!(ledger.held().len(), MOST);
        assert_eq!(ledger.held().back(), Some(&token(MOST)));
    }
}
