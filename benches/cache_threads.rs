//! Question: do threads get in each other's way in the session cache?
//!
//! Each of so many threads does the same; the time is that of one operation in one thread, and would not change if they
//! had nothing to share.
//!
//! * `hit`: `peek` of known keys in an order of its own for each thread, among so many.
//! * `one key`: `peek` of the one key that all ask for.
//! * `churn`: a full cache and a tenth more keys than it holds; one request in ten finds its key gone, loads it and drives
//!   another out.
//!
//! Run: `cargo bench --bench cache_threads`.
//!
//! Last result, 2026-11-26, 2 cores of a virtual Xeon that were busy with builds, without LTO, medians:
//!
//! | | 1 thread | 2 threads |
//! |---|---|---|
//! | hit among 1 k | 175 ns | 528 ns |
//! | hit among 100 k | 886 ns | 1.8 µs |
//! | hit among 1 M | 1.2 µs | 3.4 µs |
//! | one key | 141 ns | 352 ns |
//! | churn at 1 k | 992 ns | 2.3 µs |
//! | churn at 100 k | 2.4 µs | 3.3 µs |
//! | churn at 1 M | 1.6 µs | 3.3 µs |
//!
//! Conclusion: none about how threads share, since two threads had one core between them here, as the hits among a million
//! tell, which meet on nothing. `contention` was measured on two free cores: a look costs 64 ns alone and with two, 286 where
//! both ask for one key.

mod cached;

use cached::{Cache, SIZES, fill, full_cache, key, one_thread};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sessiongate::cache::{CacheKey, Epoch};
use sessiongate::clock::Now;
use std::hint::black_box;
use std::iter;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

fn hit(criterion: &mut Criterion) {
    let now = Now::read();
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("hit/{size}"));
        let (cache, epoch) = (full_cache(size, now), Epoch::default());
        let keys = walks(size);
        for threads in thread_counts() {
            group.bench_function(BenchmarkId::from_parameter(threads), |bencher| {
                bencher.iter_custom(|times| {
                    together(threads, |thread| {
                        let walk = keys.get(thread).into_iter().flatten().cycle();
                        for key in walk.take(times as usize) {
                            black_box(cache.peek(key, &epoch, now));
                        }
                    })
                });
            });
        }
    }
}

fn one_key(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one key");
    let now = Now::read();
    let (cache, epoch, key) = (full_cache(1_000, now), Epoch::default(), key(17));
    for threads in thread_counts() {
        group.bench_function(BenchmarkId::from_parameter(threads), |bencher| {
            bencher.iter_custom(|times| {
                together(threads, |_| {
                    for _ in 0..times {
                        black_box(cache.peek(&key, &epoch, now));
                    }
                })
            });
        });
    }
}

fn churn(criterion: &mut Criterion) {
    let now = Now::read();
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("churn/{size}"));
        let (cache, epoch) = (full_cache(size, now), Arc::default());
        let keys = walks(size / 9 * 10);
        for threads in thread_counts() {
            group.bench_function(BenchmarkId::from_parameter(threads), |bencher| {
                bencher.iter_custom(|times| {
                    together(threads, |thread| {
                        let walk = keys.get(thread).into_iter().flatten().cycle();
                        ask_for(&cache, &epoch, walk.take(times as usize), now);
                    })
                });
            });
        }
    }
}

fn ask_for<'a>(
    cache: &Cache,
    epoch: &Arc<Epoch>,
    keys: impl Iterator<Item = &'a CacheKey>,
    now: Now,
) {
    let runtime = one_thread();
    for key in keys {
        if cache.peek(key, epoch, now).is_none() {
            runtime.block_on(fill(cache, epoch, *key, now));
        }
    }
}

/// How long it takes until all have done it.
fn together(threads: usize, work: impl Fn(usize) + Sync) -> Duration {
    let start = Barrier::new(threads + 1);
    thread::scope(|scope| {
        let (start, work) = (&start, &work);
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    start.wait();
                    work(thread);
                })
            })
            .collect();
        start.wait();
        let began = Now::read_mono();
        for thread in running {
            thread.join().expect("no thread panics");
        }
        began.elapsed()
    })
}

/// The same keys for each thread, in another order.
fn walks(size: u64) -> Vec<Vec<CacheKey>> {
    let mut keys: Vec<_> = (0..size).map(key).collect();
    let mut random = fastrand::Rng::with_seed(1);
    let shuffled = (0..most_threads()).map(|_| {
        random.shuffle(&mut keys);
        keys.clone()
    });
    shuffled.collect()
}

fn thread_counts() -> impl Iterator<Item = usize> {
    let doubled = iter::successors(Some(1), |threads| Some(threads * 2));
    doubled.take_while(|threads| *threads <= most_threads())
}

/// As many as run at once here.
fn most_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

criterion_group!(benches, hit, one_key, churn);
criterion_main!(benches);
