//! `World`: a cache, a clock that moves only when told, and requests that peek, then load.

use crate::cache::{
    CacheKey, CachePolicy, Epoch, LoadLimits, Loaded, Lookup, Remembered, SessionCache,
};
use crate::clock::{Now, UnixMillis};
use crate::token::TokenDigest;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(super) type Answer = Loaded<u32, &'static str>;
pub(super) type Outcome = Lookup<u32, &'static str>;

impl Remembered for u32 {}
impl Remembered for u64 {}

#[derive(Clone)]
pub(super) struct World {
    pub(super) cache: SessionCache<u32, &'static str>,
    /// Of the one source that every key is of.
    pub(super) epoch: Arc<Epoch>,
    pub(super) now: Now,
}

impl World {
    pub(super) fn new(policy: CachePolicy) -> Self {
        Self::with_limits(policy, LoadLimits::default())
    }

    pub(super) fn with_limits(policy: CachePolicy, limits: LoadLimits) -> Self {
        let now = Now::read();
        Self {
            cache: SessionCache::new(policy, limits, now),
            epoch: Arc::default(),
            now,
        }
    }

    pub(super) fn advance(&mut self, span: Duration) {
        self.now = self.now.after(span);
    }

    pub(super) fn shift_wall(&mut self, by_ms: i64) {
        self.now.wall = UnixMillis(self.now.wall.0.saturating_add_signed(by_ms));
    }

    /// One request; `answer` is what the source says if it is asked.
    pub(super) async fn ask(&self, name: &str, answer: Answer) -> Outcome {
        self.ask_by(name, || async { answer }).await
    }

    /// One request; `load` asks the source if it comes to that.
    pub(super) async fn ask_by<F, Fut>(&self, name: &str, load: F) -> Outcome
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let now = self.now;
        match self.cache.peek(&key(name), &self.epoch, now) {
            Some(known) => known,
            None => {
                let cache = &self.cache;
                cache
                    .load(key(name), &self.epoch, now, move || now, load)
                    .await
            }
        }
    }

    /// A found value that ends so long from now.
    pub(super) fn found(&self, value: u32, life_ms: Option<u64>) -> Answer {
        Loaded::Found {
            value,
            expires_at: life_ms.map(|ms| self.now.wall.after(Duration::from_millis(ms))),
            backing: None,
        }
    }
}

/// A request whose load has begun and waits for its answer.
pub(super) struct Asked {
    answer: oneshot::Sender<Answer>,
    request: JoinHandle<Outcome>,
}

impl Asked {
    /// Panics if the request joins another's load.
    pub(super) async fn of(world: &World, name: &'static str) -> Self {
        let (answer, answered) = oneshot::channel();
        let (begin, mut begun) = oneshot::channel();
        let (cache, epoch, now) = (world.cache.clone(), world.epoch.clone(), world.now);
        let load = move || async move {
            begin.send(()).expect("the test waits for it");
            answered.await.expect("the test answers every load")
        };
        let request =
            tokio::spawn(
                async move { cache.load(key(name), &epoch, now, move || now, load).await },
            );
        for _ in 0..1000 {
            if begun.try_recv().is_ok() {
                return Self { answer, request };
            }
            tokio::task::yield_now().await;
        }
        panic!(
            "the request does not load by itself: {:?}",
            world.cache.stats()
        );
    }

    pub(super) async fn answered(self, answer: Answer) -> Outcome {
        self.answer.send(answer).expect("the load waits");
        self.request.await.expect("no panic")
    }
}

pub(super) fn key(name: &str) -> CacheKey {
    CacheKey::new(7, TokenDigest::of(name))
}

pub(super) fn holding(max_entries: usize) -> CachePolicy {
    CachePolicy {
        max_entries: NonZeroUsize::new(max_entries).expect("tests hold something"),
        ..CachePolicy::default()
    }
}
