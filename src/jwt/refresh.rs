//! `KeyRefresh`: the one loop that fetches a key set, so that no two attempts ever run at once.

use super::key_set::KeySet;
use super::known::{COOLDOWN, KeyFetchError, Known};
use bytes::Bytes;
use std::pin::Pin;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// The shortest time between two fetches that nobody asked for, and the longest.
const REFRESH: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(24 * 3600));

/// How a key set is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshSettings {
    refresh: Duration,
    timeout: Duration,
}

/// A time that would ask too often, or use withdrawn keys for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must lie between 1 min and 24 h")]
pub struct RefreshOutOfRange;

impl RefreshSettings {
    /// `refresh`: keys are fetched again when they are that old, or as old as the answer's `max-age` allows if that is
    /// less, but not within a minute; 1 minute to 24 hours. `timeout`: of one attempt.
    pub fn new(refresh: Duration, timeout: Duration) -> Result<Self, RefreshOutOfRange> {
        let (shortest, longest) = REFRESH;
        (shortest..=longest)
            .contains(&refresh)
            .then_some(Self { refresh, timeout })
            .ok_or(RefreshOutOfRange)
    }

    /// How long one attempt may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How old keys get at most, while they can be fetched.
    #[must_use]
    pub fn refresh(&self) -> Duration {
        self.refresh
    }

    /// A little early, so that the nodes of a fleet do not ask in step.
    fn next(&self, max_age: Option<Duration>) -> Duration {
        let (shortest, _) = REFRESH;
        let allowed = max_age.map_or(self.refresh, |age| age.clamp(shortest, self.refresh));
        allowed.mul_f64(0.9 + 0.1 * fastrand::f64())
    }
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(300),
            timeout: Duration::from_secs(5),
        }
    }
}

/// What was fetched.
#[derive(Clone, Debug)]
pub struct FetchedKeys {
    /// The document, as [`KeySet::from_jwks`] reads it.
    pub body: Bytes,
    /// `max-age` of the answer's `Cache-Control`.
    pub max_age: Option<Duration>,
}

/// One attempt. An error says what went wrong, in words for an operator.
pub type FetchFuture = Pin<Box<dyn Future<Output = Result<FetchedKeys, String>> + Send>>;

/// Begins an attempt.
pub type FetchKeys = Box<dyn Fn() -> FetchFuture + Send + Sync>;

/// Fetches at once, before the keys are too old, and when somebody asks.
#[must_use = "no key is ever fetched unless `run` is awaited, in a task of its own"]
pub struct KeyRefresh {
    pub(super) settings: RefreshSettings,
    pub(super) fetch: FetchKeys,
    pub(super) known: watch::Sender<Known>,
    pub(super) demand: mpsc::Receiver<()>,
}

impl KeyRefresh {
    /// Goes on until every [`RemoteKeys`](super::RemoteKeys) that it serves is gone. Dropped earlier, the keys stay as they are.
    pub async fn run(mut self) {
        loop {
            let began = Instant::now();
            self.known.send_modify(|known| known.begin(began));
            let (outcome, pause) = match self.load().await {
                Ok((keys, max_age)) => (Ok(keys), self.settings.next(max_age)),
                Err(fault) => (Err(fault), COOLDOWN),
            };
            self.report(&outcome);
            // Whoever asked during the attempt is answered by it.
            while self.demand.try_recv().is_ok() {}
            self.known
                .send_modify(|known| known.end(Instant::now(), outcome));
            if !self.rest(began + COOLDOWN, began + pause).await {
                return;
            }
        }
    }

    async fn load(&self) -> Result<(KeySet, Option<Duration>), KeyFetchError> {
        let fetched = timeout(self.settings.timeout, (self.fetch)())
            .await
            .map_err(|_| KeyFetchError::TimedOut)?
            .map_err(KeyFetchError::Failed)?;
        Ok((KeySet::from_jwks(&fetched.body)?, fetched.max_age))
    }

    /// Until `due`, or until somebody asks and it is not before `earliest`; `false` when nobody is left to ask.
    async fn rest(&mut self, earliest: Instant, due: Instant) -> bool {
        tokio::select! {
            () = sleep_until(due) => true,
            asked = self.demand.recv() => {
                sleep_until(earliest).await;
                asked.is_some()
            }
        }
    }

    /// Says what has changed, not that nothing has.
    fn report(&self, outcome: &Result<KeySet, KeyFetchError>) {
        let last_fault = self.known.borrow().fault.clone();
        match outcome {
            Err(fault) if last_fault.as_ref() != Some(fault) => {
                tracing::warn!(%fault, "the key set could not be refreshed; keys of the last 24 hours stay in use");
            }
            Ok(keys) if last_fault.is_some() => {
                tracing::info!(keys = keys.usable(), "the key set is refreshed again");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FetchedKeys, KeyRefresh, Known, RefreshOutOfRange, RefreshSettings};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;
    use tokio::sync::{mpsc, watch};
    use tokio::time::sleep;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    #[test]
    fn the_time_between_two_fetches_is_bounded() {
        let new = |seconds| RefreshSettings::new(Duration::from_secs(seconds), Duration::ZERO);
        for seconds in [60, 300, 24 * 3600] {
            let made = new(seconds).map(|settings| settings.refresh().as_secs());
            assert_eq!(made, Ok(seconds));
        }
        for seconds in [0, 59, 24 * 3600 + 1] {
            assert_eq!(new(seconds), Err(RefreshOutOfRange), "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_demand_that_comes_too_early_waits_for_the_cooldown() {
        let fetches = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&fetches);
        let (known, mut seen) = watch::channel(Known::default());
        let (demand, demanded) = mpsc::channel(1);
        let refresh = KeyRefresh {
            settings: RefreshSettings::default(),
            fetch: Box::new(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                let body = KEYS.into();
                Box::pin(async {
                    Ok(FetchedKeys {
                        body,
                        max_age: None,
                    })
                })
            }),
            known,
            demand: demanded,
        };
        let _task = tokio::spawn(refresh.run());
        let first = seen.wait_for(|known| known.ended == 1).await;
        assert!(first.is_ok_and(|known| known.fault.is_none()));
        for expected in [1, 2] {
            demand.send(()).await.expect("it runs");
            sleep(Duration::from_secs(8)).await;
            assert_eq!(fetches.load(Ordering::Relaxed), expected);
            sleep(Duration::from_secs(3)).await;
            assert_eq!(fetches.load(Ordering::Relaxed), expected + 1);
        }
    }
}
