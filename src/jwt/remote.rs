//! `RemoteKeys`: a key set that is fetched, as those who look for a key see it.

use super::key_set::KeySet;
use super::known::{KeyFetchError, Known};
use super::refresh::{FetchKeys, KeyRefresh, RefreshSettings};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, timeout};

/// How long a token with an unknown key waits for a newer set. Anybody can write such a token, so it is not long.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many wait so at once: forged tokens must not hold all that the node can have in flight, while the issuer is slow.
pub(super) const MOST_WAITING: usize = 64;

/// The reading side; the fetching side is [`KeyRefresh`].
#[derive(Debug)]
pub struct RemoteKeys {
    known: watch::Receiver<Known>,
    demand: mpsc::Sender<()>,
    first_patience: Duration,
    waiting: Semaphore,
}

/// There are no keys, or not those that could say: neither "no session" nor "invalid" (design rule R7).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeysUnavailable {
    /// The last attempt failed.
    #[error("the key set {0}")]
    Fault(KeyFetchError),
    /// No attempt has ended yet.
    #[error("the key set has not been fetched yet")]
    NotYet,
}

/// How it stands, for status and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysReport {
    /// Keys in use; zero: every token is an error.
    pub usable: usize,
    /// Keys of the document that were left out.
    pub skipped: usize,
    /// Since the keys were fetched.
    pub age: Option<Duration>,
    /// Attempts since the start.
    pub attempts: u64,
    /// Why the last one failed.
    pub fault: Option<KeyFetchError>,
}

impl RemoteKeys {
    /// The two sides of the key set of a source, named for the log. Nothing is fetched before [`KeyRefresh::run`].
    pub fn new(source: &str, settings: RefreshSettings, fetch: FetchKeys) -> (Self, KeyRefresh) {
        let (known_sender, known) = watch::channel(Known::default());
        // One demand is as good as many.
        let (demand, demanded) = mpsc::channel(1);
        let keys = Self {
            known,
            demand,
            first_patience: settings.timeout(),
            waiting: Semaphore::new(MOST_WAITING),
        };
        let refresh = KeyRefresh {
            source: source.into(),
            settings,
            fetch,
            known: known_sender,
            demand: demanded,
        };
        (keys, refresh)
    }

    /// How it stands.
    #[must_use]
    pub fn report(&self) -> KeysReport {
        let (known, now) = (self.known.borrow(), Instant::now());
        let usable = known.usable(now);
        KeysReport {
            usable: usable.map_or(0, |(keys, _)| keys.usable()),
            skipped: usable.map_or(0, |(keys, _)| keys.skipped().len()),
            age: usable.map(|(_, at)| now.saturating_duration_since(at)),
            attempts: known.ended,
            fault: known.fault.clone(),
        }
    }

    /// The keys. Waits, where there are none, for the attempt that is under way or due.
    pub(super) async fn keys(&self) -> Result<Arc<KeySet>, KeysUnavailable> {
        if let Some(keys) = self.usable() {
            return Ok(keys);
        }
        self.wait(self.first_patience).await;
        self.usable().ok_or_else(|| self.unavailable())
    }

    /// Newer keys than those, asked for at most once per cooldown; `None`: there are none, the issuer has just said so.
    pub(super) async fn newer(
        &self,
        keys: &Arc<KeySet>,
    ) -> Result<Option<Arc<KeySet>>, KeysUnavailable> {
        let place = self.waiting.try_acquire();
        if place.is_err() && self.known.borrow().may_change(Instant::now()) {
            return Err(self.unavailable());
        }
        self.wait(PATIENCE).await;
        drop(place);
        let usable = self.usable();
        match usable.filter(|usable| !Arc::ptr_eq(usable, keys)) {
            Some(newer) => Ok(Some(newer)),
            None if self.known.borrow().is_in_doubt() => Err(self.unavailable()),
            None => Ok(None),
        }
    }

    /// For the end of an attempt, if one is under way or may be asked for.
    async fn wait(&self, patience: Duration) {
        let seen = self.known.borrow().clone();
        if !seen.may_change(Instant::now()) {
            return;
        }
        // A full channel holds a demand already; an attempt under way answers and removes it.
        let _ = self.demand.try_send(());
        let mut known = self.known.clone();
        let ended = known.wait_for(|known| known.ended > seen.ended);
        // What has become of it is read afterwards, in time or not.
        let _ = timeout(patience, ended).await;
    }

    fn usable(&self) -> Option<Arc<KeySet>> {
        let known = self.known.borrow();
        known
            .usable(Instant::now())
            .map(|(keys, _)| Arc::clone(keys))
    }

    fn unavailable(&self) -> KeysUnavailable {
        let fault = self.known.borrow().fault.clone();
        fault.map_or(KeysUnavailable::NotYet, KeysUnavailable::Fault)
    }
}
