//! `Flights`: one load per key at a time; whoever comes later waits for the same answer, unless that came too early.

use super::key::CacheKey;
use super::policy::LoadLimits;
use super::question::Stamp;
use ahash::RandomState;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The loads in flight; never more than `max_loads`.
pub(super) struct Flights<T> {
    open: Mutex<Open<T>>,
    max_loads: usize,
    seats: Arc<Semaphore>,
    max_waiters: usize,
}

struct Open<T> {
    /// Of each key the flight that was opened last.
    latest: HashMap<CacheKey, Latest<T>, RandomState>,
    /// Flights that were not dropped yet, be they the latest of their key or not.
    aloft: usize,
    /// Flights opened so far.
    opened: u64,
}

struct Latest<T> {
    ticket: u64,
    stamp: Stamp,
    landing: Landing<T>,
}

/// Made by the first who joins: nearly every flight is alone. Whoever opened it has the outcome at first hand.
type Landing<T> = Arc<OnceLock<watch::Sender<Option<T>>>>;

/// A request's part in the load of its key.
pub(super) enum Boarding<T> {
    /// Nobody loads this key: the holder must.
    Lead(Flight<T>),
    /// Somebody does.
    Join(Arrival<T>),
    /// A bound is reached.
    Full,
}

/// A load under way. When it is dropped, landed or not, nobody waits for it any longer and its key is
/// free again, if no other flight of the key was opened meanwhile.
pub(super) struct Flight<T> {
    flights: Arc<Flights<T>>,
    key: CacheKey,
    ticket: u64,
    landing: Landing<T>,
}

/// Where the outcome of another's flight will be seen.
pub(super) struct Arrival<T> {
    landing: watch::Receiver<Option<T>>,
    _seat: OwnedSemaphorePermit,
}

impl<T: Clone> Flights<T> {
    pub(super) fn new(limits: LoadLimits) -> Arc<Self> {
        let max_waiters = limits.max_waiters.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            open: Mutex::new(Open {
                latest: HashMap::default(),
                aloft: 0,
                opened: 0,
            }),
            max_loads: limits.max_loads,
            seats: Arc::new(Semaphore::new(max_waiters)),
            max_waiters,
        })
    }

    /// Joins the key's flight or opens one. Never waits.
    ///
    /// A flight that asked before the key was invalidated, or before the epoch began, would bring a request that came
    /// afterwards the state of before: such a request opens another.
    pub(super) fn board(self: &Arc<Self>, key: CacheKey, stamp: Stamp) -> Boarding<T> {
        let mut open = self.open();
        let latest = open.latest.get(&key);
        if let Some(latest) = latest.filter(|latest| latest.stamp.covers(stamp)) {
            return Arc::clone(&self.seats)
                .try_acquire_owned()
                .map_or(Boarding::Full, |seat| {
                    let landing = latest.landing.get_or_init(|| watch::Sender::new(None));
                    Boarding::Join(Arrival {
                        landing: landing.subscribe(),
                        _seat: seat,
                    })
                });
        }
        if open.aloft >= self.max_loads {
            return Boarding::Full;
        }
        open.aloft += 1;
        open.opened += 1;
        let ticket = open.opened;
        let landing = Landing::default();
        let latest = Latest {
            ticket,
            stamp,
            landing: Arc::clone(&landing),
        };
        open.latest.insert(key, latest);
        Boarding::Lead(Flight {
            flights: Arc::clone(self),
            key,
            ticket,
            landing,
        })
    }

    /// Whether somebody loads this key.
    pub(super) fn is_loading(&self, key: &CacheKey) -> bool {
        self.open().latest.contains_key(key)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.open().aloft
    }

    pub(super) fn waiters(&self) -> usize {
        self.max_waiters - self.seats.available_permits()
    }
}

impl<T> Flights<T> {
    /// Nothing under this lock can leave it half changed, so a poisoned one is as good as any.
    fn open(&self) -> MutexGuard<'_, Open<T>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Flight<T> {
    /// Tells everybody who has joined. First its key is free: whoever has no use for this outcome must not meet it again,
    /// and nobody joins any more.
    pub(super) fn land(self, outcome: T) {
        self.leave(&mut self.flights.open());
        if let Some(landing) = self.landing.get() {
            landing.send_replace(Some(outcome));
        }
    }

    fn leave(&self, open: &mut Open<T>) {
        let latest = open.latest.get(&self.key);
        if latest.is_some_and(|latest| latest.ticket == self.ticket) {
            open.latest.remove(&self.key);
        }
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        let mut open = self.flights.open();
        open.aloft -= 1;
        self.leave(&mut open);
    }
}

impl<T: Clone> Arrival<T> {
    /// `None`: the flight was lost (its load panicked, or its runtime is shutting down).
    pub(super) async fn outcome(mut self) -> Option<T> {
        self.landing
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|landed| landed.clone())
    }
}
