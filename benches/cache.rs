//! Question: what does the session cache cost per request, and does that stay small when it is large, full or stormed?
//!
//! * `hit`: `peek` of a random known key among so many; the value is an `Arc`, as in the gateway.
//! * `miss_at_capacity`: `load` of a new key into a full cache, by a source that answers at once: the task, the sample,
//!   the eviction and the insertion.
//! * `stampede`: so many requests for one unknown key at once, until the last one has its answer.
//!
//! Run: `cargo bench --bench cache`.
//!
//! Last result, 2026-11-21, 2 shared cores of a virtual Xeon, other work beside it, medians:
//!
//! | entries | hit | miss at capacity |
//! |---|---|---|
//! | 1 k | 37 ns | 4.1 µs |
//! | 100 k | 204 ns | 5.5 µs |
//! | 1 M | 605 ns | 3.8 µs |
//!
//! Stampede: 500 requests in 570 µs, 1.1 µs each. Conclusion: a hit is a few memory misses, which grow with the table;
//! eviction costs the same in a small and a large one; neither shows beside the 25 µs of a proxied request.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
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

type Cache = SessionCache<Session, Infallible>;

/// As large as what the gateway remembers.
#[derive(Clone)]
struct Session(Arc<u64>);

impl Remembered for Session {
    fn holds(&self, _at: UnixMillis) -> bool {
        *self.0 == 0
    }
}

const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];
const REQUESTS: u64 = 500;

fn hit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hit");
    let epoch = Epoch::default();
    let now = Now::read();
    for size in SIZES {
        let cache = full_cache(size, now);
        let keys: Vec<_> = (0..size).map(key).collect();
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            // In the list one after the other, in the table wherever their digests put them.
            let mut walk = keys.iter().cycle();
            bencher.iter(|| walk.next().and_then(|key| cache.peek(key, &epoch, now)));
        });
    }
}

fn miss_at_capacity(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("miss_at_capacity");
    let now = Now::read();
    for size in SIZES {
        let cache = full_cache(size, now);
        let (runtime, epoch) = (one_thread(), Arc::default());
        let mut fresh = (size..).map(key);
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_batched(
                || fresh.next(),
                |key| key.map(|key| runtime.block_on(fill(&cache, &epoch, key, now))),
                BatchSize::SmallInput,
            );
        });
    }
}

fn stampede(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stampede");
    group.throughput(Throughput::Elements(REQUESTS));
    let now = Now::read();
    let cache = new_cache(1_000, now);
    let runtime = Builder::new_multi_thread().build().expect("a runtime");
    let mut fresh = (0..).map(key);
    group.bench_function(BenchmarkId::from_parameter(REQUESTS), |bencher| {
        bencher.iter_batched(
            || fresh.next(),
            |key| key.map(|key| runtime.block_on(storm(&cache, key, now))),
            BatchSize::PerIteration,
        );
    });
}

async fn storm(cache: &Cache, key: CacheKey, now: Now) {
    let epoch = Arc::default();
    let requests: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let (cache, epoch) = (cache.clone(), Arc::clone(&epoch));
            tokio::spawn(async move { fill(&cache, &epoch, key, now).await })
        })
        .collect();
    for request in requests {
        request.await.expect("no request panics");
    }
}

fn full_cache(size: u64, now: Now) -> Cache {
    let cache = new_cache(size, now);
    let (runtime, epoch) = (one_thread(), Arc::default());
    runtime.block_on(async {
        for number in 0..size {
            fill(&cache, &epoch, key(number), now).await;
        }
    });
    cache
}

fn new_cache(size: u64, now: Now) -> Cache {
    let max_entries = usize::try_from(size).ok().and_then(NonZeroUsize::new);
    let policy = CachePolicy {
        max_entries: max_entries.expect("every size here is above zero"),
        ttl: Duration::from_secs(3600),
        ..CachePolicy::default()
    };
    SessionCache::new(policy, LoadLimits::default(), now)
}

async fn fill(
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

fn key(number: u64) -> CacheKey {
    CacheKey::new(0, TokenDigest::of(&number.to_string()))
}

fn one_thread() -> Runtime {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers")
}

criterion_group!(benches, hit, miss_at_capacity, stampede);
criterion_main!(benches);
