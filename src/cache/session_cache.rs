//! `SessionCache`: peek on the hit path, load on the miss path, invalidate when the source announces a change.

use super::epoch::Epoch;
use super::flight::{Boarding, Flights};
use super::key::CacheKey;
use super::lookup::{Loaded, Lookup};
use super::memory::Memory;
use super::moment::Origin;
use super::policy::{CachePolicy, LoadLimits};
use super::stats::CacheStats;
use crate::clock::Now;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Remembers `V` per credential; knows nothing of what `V` is. A clone shares everything.
#[derive(Clone)]
pub struct SessionCache<V, E> {
    shared: Arc<Shared<V, E>>,
}

struct Shared<V, E> {
    origin: Origin,
    memory: Memory<V>,
    flights: Arc<Flights<Lookup<V, E>>>,
    invalidations: AtomicU64,
}

impl<V, E> SessionCache<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// An empty cache whose time begins at `now`.
    #[must_use]
    pub fn new(policy: CachePolicy, limits: LoadLimits, now: Now) -> Self {
        Self {
            shared: Arc::new(Shared {
                origin: Origin::new(now),
                memory: Memory::new(policy),
                flights: Flights::new(limits),
                invalidations: AtomicU64::new(0),
            }),
        }
    }

    /// What is remembered and may be served at once; `None`: it must be loaded. Neither waits nor allocates.
    ///
    /// `epoch` is that of the key's source. What was asked for under an older one is not served from here.
    #[must_use]
    pub fn peek(&self, key: &CacheKey, epoch: &Epoch, now: Now) -> Option<Lookup<V, E>> {
        let at = self.shared.origin.moment(now);
        self.shared.memory.peek(key, epoch.current(), at)
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
        let Shared {
            origin,
            memory,
            flights,
            ..
        } = &*self.shared;
        let asked = origin.moment(now);
        let question = memory.question(key, asked, epoch);
        let flight = match flights.board(key, question.stamp) {
            Boarding::Lead(flight) => flight,
            Boarding::Join(arrival) => return arrival.outcome().await.unwrap_or(Lookup::Aborted),
            // That this node cannot ask is a failure of the source as far as a known session is concerned (R7).
            Boarding::Full => {
                let known = memory.usable(&key, epoch, asked);
                return known.map_or(Lookup::Overloaded, Lookup::Stale);
            }
        };
        // Another flight may have landed between the caller's peek and this one.
        if let Some(known) = memory.peek(&key, question.stamp.epoch, asked) {
            flight.land(known.clone());
            return known;
        }
        let arrival = flight.arrival();
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let loaded = load().await;
            let answered = shared.origin.moment(clock());
            flight.land(shared.memory.learn(&question, answered, loaded));
        });
        arrival.outcome().await.unwrap_or(Lookup::Aborted)
    }

    /// Forgets what is known of a key, be it a session or an absence, because its source announced a change.
    ///
    /// Once this has returned, nothing that was asked for before the call is served to a request that comes after it:
    /// it neither stays, nor is a load of it remembered or waited for.
    pub fn invalidate(&self, key: &CacheKey) {
        self.shared.memory.invalidate(key);
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
