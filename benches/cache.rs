//! Question: what does the session cache cost per request, and does that stay small when it is large, full or stormed?
//!
//! * `hit`: `peek` of a random known key among so many; the value is an `Arc`, as in the gateway.
//! * `miss_at_capacity`: `load` of a new key into a full cache, by a source that answers at once: the task, the sample,
//!   the eviction and the insertion.
//! * `stampede`: so many requests for one unknown key at once, until the last one has its answer.
//!
//! Run: `cargo bench --bench cache`.
//!
//! Last result, 2026-11-26, 2 cores of a virtual Xeon that were busy with builds, without LTO, medians:
//!
//! | entries | hit | miss at capacity |
//! |---|---|---|
//! | 1 k | 109 ns | 3.5 µs |
//! | 100 k | 460 ns | 5.0 µs |
//! | 1 M | 719 ns | 5.4 µs |
//!
//! With LTO and a quieter machine, on 2026-11-21, a hit took 37, 204 and 605 ns, a miss 4.1, 5.5 and 3.8 µs (of a table of
//! another layout); 500 requests for one key 570 µs. Conclusion: a hit is a few memory misses, which grow with the table;
//! eviction costs the same in a small and a large one; neither shows beside the 25 µs of a proxied request.

mod cached;

use cached::{Cache, SIZES, fill, full_cache, key, new_cache, one_thread};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sessiongate::cache::{CacheKey, Epoch};
use sessiongate::clock::Now;
use std::sync::Arc;
use tokio::runtime::Builder;

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

criterion_group!(benches, hit, miss_at_capacity, stampede);
criterion_main!(benches);
