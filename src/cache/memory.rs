//! `Memory`: what is known of each key, and the rule by which an answer becomes known.

use super::entry::{Answer, Entry, Standing};
use super::epoch::Epoch;
use super::generations::Generations;
use super::key::CacheKey;
use super::lookup::{Ending, Loaded, Lookup, Remembered};
use super::moment::{Moment, Origin};
use super::policy::CachePolicy;
use super::question::{Question, Stamp};
use super::table::Table;
use super::ties::{Backing, Bond, Tie, Ties};
use std::sync::Arc;

/// Sessions and absences live in tables of their own: a spray of unknown tokens fills the second and cannot push a
/// session out of the first.
pub(super) struct Memory<V> {
    policy: CachePolicy,
    pub(super) origin: Origin,
    pub(super) sessions: Table<V>,
    pub(super) absences: Table<Option<Ending>>,
    generations: Generations,
    ties: Ties,
}

/// An answer, and what it hangs on: of no use to a request that comes after that was cut.
pub(super) type Tied<V, E> = (Lookup<V, E>, Bond);

impl<V: Remembered> Memory<V> {
    pub(super) fn new(policy: CachePolicy, origin: Origin) -> Self {
        let max_entries = policy.max_entries.get();
        Self {
            policy,
            origin,
            sessions: Table::new(max_entries),
            absences: Table::new((max_entries / SESSIONS_PER_ABSENCE).max(1)),
            generations: Generations::new(),
            ties: Ties::new(),
        }
    }

    /// What may be served at once under the epoch.
    pub(super) fn peek<E>(&self, key: &CacheKey, epoch: u64, at: Moment) -> Option<Lookup<V, E>> {
        self.peek_tied(key, epoch, at).map(|(known, _)| known)
    }

    /// The same, with what it hangs on.
    pub(super) fn peek_tied<E>(
        &self,
        key: &CacheKey,
        epoch: u64,
        at: Moment,
    ) -> Option<Tied<V, E>> {
        let session = self.sessions.read(key, at, |entry| {
            let standing = entry.standing(at, epoch);
            let known = match standing {
                Standing::Due | Standing::Dead => return None,
                Standing::Fresh | Standing::Paused if self.is_over(entry, at) => return None,
                Standing::Fresh => Lookup::Hit(entry.value().clone()),
                Standing::Paused => Lookup::Stale(entry.value().clone()),
            };
            Some((known, entry.bond()))
        });
        session.unwrap_or_else(|| {
            let absence = |entry: &Entry<Option<Ending>>| {
                let is_known =
                    entry.standing(at, epoch) == Standing::Fresh && self.hold(entry.bond());
                is_known.then(|| (*entry.value(), entry.bond()))
            };
            let (why, bond) = self.absences.read(key, at, absence)??;
            Some((why.map_or(Lookup::KnownAbsent, Lookup::KnownEnded), bond))
        })
    }

    /// What a value under this key, or one that rests on it, will hang on.
    pub(super) fn tie(&self, key: &CacheKey) -> Tie {
        self.ties.tie(key)
    }

    pub(super) fn hold(&self, bond: Bond) -> bool {
        self.ties.hold(bond)
    }

    pub(super) fn cut(&self, bits: u64) {
        self.ties.cut(bits);
    }

    /// Reads what the answer will be compared with, so it must come before the load begins.
    pub(super) fn question(&self, key: CacheKey, asked: Moment, epoch: &Arc<Epoch>) -> Question {
        Question {
            key,
            asked,
            tie: self.ties.tie(&key),
            stamp: Stamp {
                generation: self.generations.of(&key),
                epoch: epoch.current(),
            },
            epoch: Arc::clone(epoch),
        }
    }

    /// Remembers what a load brought home, or forgets what it disproved; if the question no longer counts, only answers.
    pub(super) fn learn<E>(
        &self,
        question: &Question,
        answered: Moment,
        loaded: Loaded<V, E>,
    ) -> Tied<V, E> {
        let bond = question.bond(loaded.backing());
        let lookup = match loaded {
            Loaded::Found {
                value,
                expires_at,
                backing,
            } => {
                let entropy = self.sessions.entropy(&question.key, answered, TRUST_SALT);
                let answer = self.answer(question, answered, backing);
                let ttl = question.epoch.trust(self.policy.ttl);
                let wanted = backing.and_then(|backing| backing.trust_for);
                let policy = CachePolicy {
                    ttl: wanted.map_or(ttl, |wanted| wanted.min(ttl)),
                    ..self.policy
                };
                let entry = Entry::found(value.clone(), expires_at, answer, &policy, entropy);
                let Some(entry) = entry else {
                    return (self.absent(question, answered, None, None), bond);
                };
                let counts = || self.counts(question);
                self.sessions
                    .insert_if(question.key, entry, answered, counts);
                Lookup::Loaded(value)
            }
            Loaded::Absent => self.absent(question, answered, None, None),
            Loaded::Ended { why, backing } => self.absent(question, answered, Some(why), backing),
            Loaded::Broken(fault) => {
                self.disprove(question);
                Lookup::Failed(fault)
            }
            Loaded::Failed(fault) => match self.paused(question, answered) {
                Some((known, bond)) => return (Lookup::Stale(known), bond),
                None => Lookup::Failed(fault),
            },
        };
        (lookup, bond)
    }

    /// The session, if it is within its stale window and not expired (R7, R8), and its source is not back since.
    pub(super) fn usable(&self, key: &CacheKey, epoch: &Epoch, at: Moment) -> Option<V> {
        self.sessions
            .read(key, at, |entry| {
                let is_usable = !self.is_over(entry, at) && epoch.bridges(entry.epoch());
                is_usable.then(|| entry.value().clone())
            })
            .flatten()
    }

    /// The order is the rule: an answer that is compared after the new generation is refused, one that was remembered
    /// before it is removed.
    pub(super) fn invalidate(&self, key: &CacheKey) -> Option<V> {
        self.generations.advance(key);
        let session = self.sessions.remove(key);
        self.absences.remove(key);
        session.map(Entry::into_value)
    }

    /// Whether nothing was announced since. Asked under the lock of the table that is about to change.
    pub(super) fn counts(&self, question: &Question) -> bool {
        let Stamp { generation, epoch } = question.stamp;
        self.generations.of(&question.key) == generation && question.epoch.current() == epoch
    }

    /// The source says that there is no such session, or that it has ended.
    fn absent<E>(
        &self,
        question: &Question,
        answered: Moment,
        why: Option<Ending>,
        backing: Option<Backing>,
    ) -> Lookup<V, E> {
        self.disprove(question);
        if !self.policy.negative_ttl.is_zero() {
            let answer = self.answer(question, answered, backing);
            let entry = Entry::absence(why, answer, &self.policy);
            let counts = || self.counts(question);
            self.absences
                .insert_if(question.key, entry, answered, counts);
        }
        why.map_or(Lookup::Absent, Lookup::Ended)
    }

    fn answer(&self, question: &Question, answered: Moment, backing: Option<Backing>) -> Answer {
        let own = question.asked;
        let asked = match backing.map(|backing| self.origin.moment(backing.asked)) {
            Some(earlier) if earlier.mono < own.mono => earlier,
            _ => own,
        };
        Answer {
            asked,
            answered,
            epoch: question.stamp.epoch,
            bond: question.bond(backing),
        }
    }

    /// Whether the value is of no use to anybody, be the source there or away.
    fn is_over(&self, entry: &Entry<V>, at: Moment) -> bool {
        entry.is_dead(at) || !self.hold(entry.bond()) || !entry.value().holds(at.wall)
    }

    /// Removes a session that was asked for no later than this question.
    ///
    /// That the feed was lost meanwhile makes the news no less true. After an invalidation there is nothing so old.
    fn disprove(&self, question: &Question) {
        let Stamp { generation, epoch } = question.stamp;
        self.sessions.remove_if(&question.key, |entry| {
            entry.epoch() <= epoch && self.generations.of(&question.key) == generation
        });
    }

    /// The source could not say: what is known goes on, unless the source is back and may have revoked it meanwhile.
    fn paused(&self, question: &Question, at: Moment) -> Option<(V, Bond)> {
        let entropy = self.sessions.entropy(&question.key, at, PAUSE_SALT);
        self.sessions
            .change(&question.key, |entry| {
                let is_usable = !self.is_over(entry, at) && question.epoch.bridges(entry.epoch());
                is_usable.then(|| {
                    // Otherwise the source may be able to answer by now.
                    if self.counts(question) {
                        entry.pause(at, question.stamp.epoch, entropy);
                    }
                    (entry.value().clone(), entry.bond())
                })
            })
            .flatten()
    }
}

/// `CachePolicy::max_entries` says so.
const SESSIONS_PER_ABSENCE: usize = 8;
/// Apart from each other and from that of the table's samples.
const TRUST_SALT: u8 = 254;
const PAUSE_SALT: u8 = 255;

#[cfg(test)]
mod tests {
    use super::{Epoch, Loaded, Lookup, Memory, Moment, Origin, Question, Remembered};
    use crate::cache::key::CacheKey;
    use crate::cache::moment::Mono;
    use crate::cache::policy::CachePolicy;
    use crate::clock::{Now, UnixMillis};
    use crate::token::TokenDigest;
    use std::sync::{Arc, Weak};

    impl Remembered for Arc<Dropped> {}

    /// Learns an answer at the moment in which it is dropped itself.
    struct Dropped(Option<(Weak<Memory<Arc<Dropped>>>, Question)>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            if let Some((memory, question)) = self.0.take()
                && let Some(memory) = memory.upgrade()
            {
                learn(&memory, &question, Self(None));
            }
        }
    }

    #[test]
    fn an_answer_that_comes_right_after_the_removal_is_refused() {
        let origin = Origin::new(Now::read());
        let memory = Arc::new(Memory::new(CachePolicy::default(), origin));
        let key = CacheKey::new(0, TokenDigest::of("token"));
        let epoch = Arc::<Epoch>::default();
        let question = || memory.question(key, AT, &epoch);
        let late = Dropped(Some((Arc::downgrade(&memory), question())));
        learn(&memory, &question(), late);
        assert_eq!(memory.sessions.stats().entries, 1);
        memory.invalidate(&key);
        assert_eq!(memory.sessions.stats().entries, 0);
    }

    fn learn(memory: &Memory<Arc<Dropped>>, question: &Question, value: Dropped) {
        let loaded = Loaded::Found {
            value: Arc::new(value),
            expires_at: None,
            backing: None,
        };
        let (answer, _): (Lookup<_, ()>, _) = memory.learn(question, AT, loaded);
        assert!(matches!(answer, Lookup::Loaded(_)));
    }

    const AT: Moment = Moment {
        mono: Mono(0),
        wall: UnixMillis(1_600_000_000_000),
    };
}
