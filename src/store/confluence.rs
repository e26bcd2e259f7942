//! `Confluence`: several feeds as one. It vouches while each of them does.

use super::copies::Copies;
use super::feed::{Change, ChangeSink};
use super::message::Message;
use crate::clock::Now;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// One per store.
#[derive(Default)]
pub(super) struct Confluence {
    sink: OnceLock<Arc<dyn ChangeSink>>,
    /// By the number of the feed: whether it vouches.
    members: Mutex<HashMap<u64, bool>>,
    disturbed: Notify,
    copies: Copies,
}

impl Confluence {
    /// The first sink is kept.
    pub(super) fn watch(&self, sink: Arc<dyn ChangeSink>) {
        self.sink.get_or_init(|| sink);
    }

    /// From now on these are the members. One that is new does not vouch yet; one that has left is not waited for, and
    /// nothing that it announced later counts. Whether any is new or has left.
    pub(super) fn seat(&self, numbers: &[u64]) -> bool {
        let mut members = self.members();
        let before = members.len();
        members.retain(|number, _| numbers.contains(number));
        let mut is_changed = members.len() < before;
        for number in numbers {
            if let Entry::Vacant(seat) = members.entry(*number) {
                seat.insert(false);
                is_changed = true;
            }
        }
        if is_changed {
            self.turn_over(&members);
        }
        is_changed
    }

    /// The feed of one member.
    pub(super) fn tributary(self: &Arc<Self>, number: u64) -> Arc<dyn ChangeSink> {
        Arc::new(Tributary {
            number,
            whole: Arc::clone(self),
        })
    }

    /// Whether every member vouches.
    pub(super) fn is_whole(&self) -> bool {
        is_whole(&self.members())
    }

    /// Returns when a member no longer vouches, maybe a while ago: its slots may have another master by now.
    pub(super) async fn disturbed(&self) {
        self.disturbed.notified().await;
    }

    /// The same from without: a node named another one as the master of a slot.
    pub(super) fn disturb(&self) {
        self.disturbed.notify_one();
    }

    /// Somebody wants every answer asked for again, whatever was told of it.
    pub(super) fn distrust(&self) {
        self.turn_over(&self.members());
    }

    /// What was known until now may have changed unseen; from here on every change is told, if all tell theirs.
    fn turn_over(&self, members: &HashMap<u64, bool>) {
        if let Some(sink) = self.sink.get() {
            sink.lost();
            if is_whole(members) {
                sink.restored();
            }
        }
    }

    fn members(&self) -> MutexGuard<'_, HashMap<u64, bool>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_whole(members: &HashMap<u64, bool>) -> bool {
    !members.is_empty() && members.values().all(|vouches| *vouches)
}

/// The feed of one member.
struct Tributary {
    number: u64,
    whole: Arc<Confluence>,
}

impl ChangeSink for Tributary {
    fn changed(&self, change: Change<'_>) {
        if let Some(sink) = self.whole.sink.get() {
            sink.changed(change);
        }
    }

    fn message(&self, message: &Message) {
        let is_news = self
            .whole
            .copies
            .is_news(message, self.number, Now::read().mono);
        if let Some(sink) = self.whole.sink.get().filter(|_| is_news) {
            sink.message(message);
        }
    }

    /// Passed on although another member may be lost already: what was learnt of this one since counted until now.
    fn lost(&self) {
        let mut members = self.whole.members();
        let Some(vouches) = members.get_mut(&self.number) else {
            return;
        };
        let vouched = mem::replace(vouches, false);
        self.whole.turn_over(&members);
        if vouched {
            self.whole.disturb();
        }
    }

    fn restored(&self) {
        let mut members = self.whole.members();
        let Some(vouches) = members.get_mut(&self.number) else {
            return;
        };
        *vouches = true;
        self.whole.turn_over(&members);
    }

    /// One master's share: what was known of it is gone, and nobody can tell it from the rest.
    fn flushed(&self) {
        if let Some(sink) = self.whole.sink.get() {
            let members = self.whole.members();
            if is_whole(&members) {
                sink.flushed();
            } else {
                sink.lost();
            }
        }
    }

    fn lag(&self, lag: Duration) {
        if let Some(sink) = self.whole.sink.get() {
            sink.lag(lag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Confluence, Message};
    use crate::store::redis::test_sink::{Fate, Recorder};
    use std::sync::Arc;

    use Fate::{Lost, Restored};

    #[test]
    fn it_vouches_while_every_member_does() {
        let (heard, whole) = (
            Arc::new(Recorder::default()),
            Arc::new(Confluence::default()),
        );
        whole.watch(heard.clone());
        let [one, two, three] = [1, 2, 3].map(|number| whole.tributary(number));
        let expect = |what: &str, fate: &[Fate], is_whole: bool| {
            assert_eq!(heard.take_fate(), fate, "{what}");
            assert_eq!(whole.is_whole(), is_whole, "{what}");
        };
        whole.seat(&[1, 2]);
        expect("two seats", &[Lost], false);
        one.restored();
        expect("one of two", &[Lost], false);
        two.restored();
        expect("both", &[Lost, Restored], true);
        whole.seat(&[2, 1]);
        expect("the same seats", &[], true);
        one.lost();
        expect("one is lost", &[Lost], false);
        two.lost();
        expect("the other too", &[Lost], false);
        two.restored();
        one.restored();
        expect("both are back", &[Lost, Lost, Restored], true);
        whole.seat(&[2, 3]);
        expect("a newcomer", &[Lost], false);
        one.lost();
        one.restored();
        expect("one that has left", &[], false);
        three.restored();
        expect("the newcomer vouches", &[Lost, Restored], true);
        whole.seat(&[3]);
        expect("one leaves", &[Lost, Restored], true);
        whole.seat(&[]);
        expect("nobody is no feed", &[Lost], false);
    }

    #[test]
    fn a_message_is_passed_on_once_whether_or_not_anybody_vouches() {
        let (heard, whole) = (
            Arc::new(Recorder::default()),
            Arc::new(Confluence::default()),
        );
        whole.watch(heard.clone());
        let members = [1, 2].map(|number| whole.tributary(number));
        whole.seat(&[1, 2]);
        let times_heard = || {
            for member in &members {
                member.message(&Message::read(b"{}"));
            }
            heard.take().messages.len()
        };
        assert_eq!(times_heard(), 1, "none vouches");
        members[1].restored();
        assert_eq!(times_heard(), 1, "one vouches");
    }
}
