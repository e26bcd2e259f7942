//! `SessionCache`: peek on the hit path, load on the miss path, invalidate when the source announces a change.

use super::epoch::Epoch;
use super::flight::{Boarding, Flight, Flights};
use super::key::CacheKey;
use super::lookup::{Forgotten, Loaded, Lookup, Remembered};
use super::memory::Memory;
use super::moment::Origin;
use super::policy::{CachePolicy, LoadLimits};
use super::question::Question;
use super::refreshing::Refreshing;
use super::stats::CacheStats;
use super::ties::{Bond, Tie};
use crate::clock::Now;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Remembers `V` per credential; knows nothing of what `V` is. A clone shares everything.
#[derive(Clone)]
pub struct SessionCache<V, E> {
    shared: Arc<Shared<V, E>>,
}

struct Shared<V, E> {
    memory: Memory<V>,
    flights: Arc<Flights<Landed<V, E>>>,
    refreshing: Refreshing,
    invalidations: AtomicU64,
}

/// What a flight brought home, for everybody who waits for it.
#[derive(Clone)]
struct Landed<V, E> {
    lookup: Lookup<V, E>,
    bond: Bond,
}

impl<V, E> SessionCache<V, E>
where
    V: Remembered,
    E: Clone + Send + Sync + 'static,
{
    /// An empty cache whose time begins at `now`.
    #[must_use]
    pub fn new(policy: CachePolicy, limits: LoadLimits, now: Now) -> Self {
        Self {
            shared: Arc::new(Shared {
                memory: Memory::new(policy, Origin::new(now)),
                flights: Flights::new(limits),
                refreshing: Refreshing::default(),
                invalidations: AtomicU64::new(0),
            }),
        }
    }

    /// What is remembered and may be served at once; `None`: it must be loaded. Neither waits nor allocates.
    ///
    /// `epoch` is that of the key's source. What was asked for under an older one is not served from here.
    #[must_use]
    pub fn peek(&self, key: &CacheKey, epoch: &Epoch, now: Now) -> Option<Lookup<V, E>> {
        let memory = &self.shared.memory;
        memory.peek(key, epoch.current(), memory.origin.moment(now))
    }

    /// What is remembered, be it of use or not: for whoever compares it with news, or guesses what these will be, and never to be
    /// served.
    #[must_use]
    pub fn remembered(&self, key: &CacheKey, now: Now) -> Option<V> {
        let memory = &self.shared.memory;
        let at = memory.origin.moment(now);
        memory.sessions.read(key, at, |entry| entry.value().clone())
    }

    /// Loads a key that [`peek`](Self::peek) could not answer, or waits for whoever does so already.
    ///
    /// The load runs in a task of its own: a caller that goes away cancels only its own waiting. It has to end by
    /// itself, as the stores do by their timeouts. `clock` is read when it has ended, since an expiry may pass meanwhile.
    /// A key that is invalidated, or whose epoch ends, while it is loaded is answered with what was found, and that is
    /// not remembered.
    pub async fn load<C, F, Fut>(
        &self,
        key: CacheKey,
        epoch: &Arc<Epoch>,
        now: Now,
        clock: C,
        load: F,
    ) -> Lookup<V, E>
    where
        C: FnOnce() -> Now + Send + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Loaded<V, E>> + Send + 'static,
    {
        match self.shared.embark(key, epoch, now).await {
            Embarked::Known(lookup) => lookup,
            Embarked::Leading(flight, question) => {
                let shared = Arc::clone(&self.shared);
                // In a box of its own: a task moves what it runs more than once.
                let loading = Box::pin(async move {
                    let loaded = load().await;
                    shared.land(flight, &question, clock(), loaded)
                });
                tokio::spawn(loading).await.unwrap_or(Lookup::Aborted)
            }
        }
    }

    /// The same without a task of its own, for a caller that nobody cancels: one that itself loads something.
    pub async fn load_along(
        &self,
        key: CacheKey,
        epoch: &Arc<Epoch>,
        now: Now,
        clock: impl FnOnce() -> Now,
        load: impl Future<Output = Loaded<V, E>>,
    ) -> Lookup<V, E> {
        match self.shared.embark(key, epoch, now).await {
            Embarked::Known(lookup) => lookup,
            Embarked::Leading(flight, question) => {
                let loaded = load.await;
                self.shared.land(flight, &question, clock(), loaded)
            }
        }
    }

    /// Loads a key again of which something has just been forgotten, so that the next request finds it known or waits
    /// for less. Changes that come meanwhile are waited out: one load at a time, whatever the number of calls.
    pub fn refresh<F, Fut>(&self, key: CacheKey, epoch: &Arc<Epoch>, clock: fn() -> Now, load: F)
    where
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = Loaded<V, E>> + Send + 'static,
    {
        let Some(place) = self.shared.refreshing.take(key) else {
            return;
        };
        let (shared, epoch) = (Arc::clone(&self.shared), Arc::clone(epoch));
        tokio::spawn(async move {
            for _ in 0..MAX_REFRESHES {
                let asked = shared.memory.origin.moment(clock());
                let question = shared.memory.question(key, asked, &epoch);
                match shared.flights.board(key, question.stamp) {
                    Boarding::Lead(flight) => {
                        let loaded = load().await;
                        shared.land(flight, &question, clock(), loaded);
                    }
                    Boarding::Join(arrival) => _ = arrival.outcome().await,
                    Boarding::Full => break,
                }
                if shared.memory.counts(&question) {
                    break;
                }
            }
            drop(place);
        });
    }

    /// Forgets what is known of a key, be it a session or an absence, because its source announced a change. `None`: it
    /// was neither a session nor being asked for.
    ///
    /// Once this has returned, nothing that was asked for before the call is served to a request that comes after it:
    /// it neither stays, nor is a load of it remembered or waited for.
    pub fn invalidate(&self, key: &CacheKey) -> Option<Forgotten<V>> {
        let session = self.shared.memory.invalidate(key);
        self.shared.invalidations.fetch_add(1, Ordering::Relaxed);
        let loading = || self.shared.flights.is_loading(key);
        session
            .map(Forgotten::Session)
            .or_else(|| loading().then_some(Forgotten::Loading))
    }

    /// What a value under this key, or one that rests on it, will hang on. Taken before the source is asked.
    #[must_use]
    pub fn tie(&self, key: &CacheKey) -> Tie {
        self.shared.memory.tie(key)
    }

    /// Ends whatever hangs on a tie of these bits, the first 64 of a key's digest: in one step, however much that is.
    ///
    /// Once this has returned, a request that comes after it is not served what hung on them before.
    pub fn cut(&self, bits: u64) {
        self.shared.memory.cut(bits);
        self.shared.invalidations.fetch_add(1, Ordering::Relaxed);
    }

    /// For metrics and status.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let Shared {
            memory, flights, ..
        } = &*self.shared;
        CacheStats {
            sessions: memory.sessions.stats(),
            absences: memory.absences.stats(),
            loads: flights.in_flight(),
            waiters: flights.waiters(),
            invalidations: self.shared.invalidations.load(Ordering::Relaxed),
        }
    }
}

/// What came of a request for a key that was not known.
enum Embarked<V, E> {
    /// By now it is, or somebody else has loaded it, or nobody can.
    Known(Lookup<V, E>),
    /// The caller has to load it.
    Leading(Flight<Landed<V, E>>, Question),
}

impl<V, E> Shared<V, E>
where
    V: Remembered,
    E: Clone,
{
    async fn embark(&self, key: CacheKey, epoch: &Arc<Epoch>, now: Now) -> Embarked<V, E> {
        let Self {
            memory, flights, ..
        } = self;
        let asked = memory.origin.moment(now);
        for _ in 0..MAX_JOINS {
            let question = memory.question(key, asked, epoch);
            let flight = match flights.board(key, question.stamp) {
                Boarding::Lead(flight) => flight,
                Boarding::Join(arrival) => match arrival.outcome().await {
                    None => return Embarked::Known(Lookup::Aborted),
                    // Cut while it was in the air, perhaps before this request came: it has to ask for itself.
                    Some(landed) if !memory.hold(landed.bond) => continue,
                    Some(landed) => return Embarked::Known(landed.lookup),
                },
                // That this node cannot ask is a failure of the source as far as a known session is concerned (R7).
                Boarding::Full => {
                    let known = memory.usable(&key, epoch, asked);
                    return Embarked::Known(known.map_or(Lookup::Overloaded, Lookup::Stale));
                }
            };
            // Another flight may have landed between the caller's peek and this one.
            if let Some((lookup, bond)) = memory.peek_tied(&key, question.stamp.epoch, asked) {
                let known = lookup.clone();
                flight.land(Landed { lookup, bond });
                return Embarked::Known(known);
            }
            return Embarked::Leading(flight, question);
        }
        Embarked::Known(Lookup::Overloaded)
    }

    fn land(
        &self,
        flight: Flight<Landed<V, E>>,
        question: &Question,
        answered: Now,
        loaded: Loaded<V, E>,
    ) -> Lookup<V, E> {
        let answered = self.memory.origin.moment(answered);
        let (lookup, bond) = self.memory.learn(question, answered, loaded);
        let own = lookup.clone();
        flight.land(Landed { lookup, bond });
        own
    }
}

/// Flights that one request joins in vain before it is told that there is too much to do.
const MAX_JOINS: usize = 4;
/// Loads of one refresh before it leaves the key to the next request.
const MAX_REFRESHES: usize = 8;
