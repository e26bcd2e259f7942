//! `Doubts`: keys of another service that were written or are gone, until it is known which.

use crate::store::feed::{Change, ChangeSink};
use crate::store::message::Message;
use crate::store::session::SessionKey;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Bounded (R15). A key that changes again while it waits is asked for once.
#[derive(Default)]
pub(super) struct Doubts {
    waiting: Mutex<HashSet<SessionKey>>,
    arrived: Notify,
}

impl Doubts {
    /// `false`: there is no room for it.
    fn add(&self, key: &SessionKey) -> bool {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST && !waiting.contains(key) {
            return false;
        }
        waiting.insert(key.clone());
        drop(waiting);
        self.arrived.notify_one();
        true
    }

    /// Some of them, once there are any. What changes from here on is a doubt of its own.
    pub(super) async fn take(&self) -> Vec<SessionKey> {
        loop {
            let taken = self.take_now();
            if !taken.is_empty() {
                return taken;
            }
            self.arrived.notified().await;
        }
    }

    fn take_now(&self) -> Vec<SessionKey> {
        let mut waiting = self.waiting();
        let taken: Vec<_> = waiting.iter().take(AT_ONCE).cloned().collect();
        for key in &taken {
            waiting.remove(key);
        }
        taken
    }

    /// Nothing under this lock can leave it half changed, so a poisoned one is as good as any.
    fn waiting(&self) -> MutexGuard<'_, HashSet<SessionKey>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps back what most likely changes nothing; the rest is passed on.
pub(super) struct DoubtSink {
    pub(super) doubts: Arc<Doubts>,
    pub(super) sink: Arc<dyn ChangeSink>,
}

impl ChangeSink for DoubtSink {
    fn changed(&self, change: Change<'_>) {
        match change {
            Change::Touched(key) if self.doubts.add(key) => {}
            // With no room to ask for it, it counts as gone.
            Change::Touched(key) => gone(&*self.sink, key),
            other => self.sink.changed(other),
        }
    }

    fn message(&self, message: &Message) {
        self.sink.message(message);
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

/// Ends what is known by the name in this key, be that an id in tokens or a token's own digest: an entry hangs on both.
pub(super) fn gone(sink: &dyn ChangeSink, key: &SessionKey) {
    sink.changed(Change::Shared(key.digest));
}

const MOST: usize = 4096;

/// In one write.
const AT_ONCE: usize = 128;

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Change, ChangeSink, DoubtSink, Doubts, MOST, SessionKey};
    use crate::store::redis::test_sink::Recorder;
    use crate::token::TokenDigest;
    use std::sync::Arc;

    fn key(number: usize) -> SessionKey {
        let name = number.to_string();
        SessionKey {
            digest: TokenDigest::of(&name),
            key: name.into(),
        }
    }

    #[tokio::test]
    async fn a_key_waits_once_and_one_without_room_counts_as_gone() {
        let heard = Arc::new(Recorder::default());
        let doubts = Arc::new(Doubts::default());
        let sink = DoubtSink {
            doubts: Arc::clone(&doubts),
            sink: heard.clone(),
        };
        for number in (0..MOST).chain([0, MOST]) {
            sink.changed(Change::Touched(&key(number)));
        }
        assert_eq!(heard.take().changes, [key(MOST).digest]);
        let mut taken = 0;
        while taken < MOST {
            let some = doubts.take().await;
            assert_eq!(some.len(), AT_ONCE);
            taken += some.len();
        }
        assert!(doubts.take_now().is_empty());
        sink.changed(Change::Touched(&key(0)));
        assert_eq!(doubts.take().await, [key(0)], "a later change is asked for");
    }
}
