//! Caches of a given size, for the benches that ask them.

use sessiongate::cache::{
    CacheKey, CachePolicy, Epoch, LoadLimits, Loaded, Lookup, Remembered, SessionCache,
};
use sessiongate::clock::{Now, UnixMillis};
use sessiongate::token::TokenDigest;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

pub(crate) type Cache = SessionCache<Session, Infallible>;

/// As large as what the gateway remembers.
#[derive(Clone)]
pub(crate) struct Session(Arc<u64>);

impl Remembered for Session {
    fn holds(&self, _at: UnixMillis) -> bool {
        *self.0 == 0
    }
}

pub(crate) const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];

/// Holds so many and is full of the keys from zero on.
pub(crate) fn full_cache(size: u64, now: Now) -> Cache {
    let cache = new_cache(size, now);
    let (runtime, epoch) = (one_thread(), Arc::default());
    runtime.block_on(async {
        for number in 0..size {
            fill(&cache, &epoch, key(number), now).await;
        }
    });
    cache
}

pub(crate) fn new_cache(size: u64, now: Now) -> Cache {
    let max_entries = usize::try_from(size).ok().and_then(NonZeroUsize::new);
    let policy = CachePolicy {
        max_entries: max_entries.expect("every size here is above zero"),
        ttl: Duration::from_secs(3600),
        ..CachePolicy::default()
    };
    SessionCache::new(policy, LoadLimits::default(), now)
}

/// A miss, by a source that answers at once.
pub(crate) async fn fill(
    cache: &Cache,
    epoch: &Arc<Epoch>,
    key: CacheKey,
    now: Now,
) -> Lookup<Session, Infallible> {
    let load = || async {
        Loaded::Found {
            value: Session(Arc::new(0)),
            expires_at: None,
            backing: None,
        }
    };
    cache.load(key, epoch, now, move || now, load).await
}

pub(crate) fn key(number: u64) -> CacheKey {
    CacheKey::new(0, TokenDigest::of(&number.to_string()))
}

pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers")
}
