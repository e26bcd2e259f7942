//! `Counted`: a criterion group that says beside each time what one call allocates.

use allocation_counter::{AllocationInfo, measure};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion};
use std::hint::black_box;

/// A group of benchmarks. The counts are those of this thread.
pub(crate) struct Counted<'c> {
    name: &'static str,
    group: BenchmarkGroup<'c, WallTime>,
}

impl<'c> Counted<'c> {
    pub(crate) fn new(criterion: &'c mut Criterion, name: &'static str) -> Self {
        Self {
            name,
            group: criterion.benchmark_group(name),
        }
    }

    /// Counts and times `run`.
    pub(crate) fn bench<T>(&mut self, id: &str, mut run: impl FnMut() -> T) {
        // What the first call alone makes is not what a request costs.
        black_box(run());
        let counted = measure(|| {
            black_box(run());
        });
        self.say(id, counted);
        self.group
            .bench_function(id, |bencher| bencher.iter(&mut run));
    }

    /// Counts and times `run` on what `make` makes anew for each call. What it returns is dropped outside the time.
    pub(crate) fn bench_on<I, T>(
        &mut self,
        id: &str,
        mut make: impl FnMut() -> I,
        mut run: impl FnMut(I) -> T,
    ) {
        black_box(run(make()));
        let input = make();
        let counted = measure(|| {
            black_box(run(input));
        });
        self.say(id, counted);
        self.group.bench_function(id, |bencher| {
            bencher.iter_batched(&mut make, &mut run, BatchSize::SmallInput);
        });
    }

    #[expect(clippy::print_stdout, reason = "criterion's own lines are there too")]
    fn say(&self, id: &str, counted: AllocationInfo) {
        println!(
            "{:<40}{:>9} allocations {:>11} bytes {:>11} at most",
            format!("{}/{id}", self.name),
            counted.count_total,
            counted.bytes_total,
            counted.bytes_max
        );
    }
}
