//! `Histogram`: how long things took.

use super::cells::read;
use super::family::{Row, Series};
use prometheus::core::Metric;
use prometheus::proto::{self, MetricType};
use std::sync::Arc;
use std::time::Duration;

/// Upper bounds, from 5 µs: a gateway whose work takes microseconds cannot use the usual ones.
const BOUNDS_US: [u64; 19] = [
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
    500_000, 1_000_000, 5_000_000, 10_000_000,
];

/// Durations, counted by [`Histogram::bounds`]. A clone counts the same ones.
#[derive(Clone)]
pub struct Histogram(Arc<Row>);

impl Histogram {
    /// The bounds of the buckets in seconds, as scrapes are told.
    pub fn bounds() -> impl Iterator<Item = f64> {
        BOUNDS_US.into_iter().map(|bound| bound as f64 / 1e6)
    }

    /// Counts one.
    pub fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| bound * 1_000 < nanos);
        let own = self.0.tally.own();
        own.add(bucket, 1);
        // In 64 bits a whole number of nanoseconds would overflow once ten thousand WebSockets have lasted for weeks.
        own.change(SUM, |sum| (f64::from_bits(sum) + nanos as f64).to_bits());
    }
}

impl Series for Histogram {
    const KIND: MetricType = MetricType::HISTOGRAM;
    const CELLS: usize = SUM + 1;

    fn of(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl Metric for Histogram {
    /// The count is that of the buckets, so that they always agree; the sum may be one observation of each thread ahead
    /// or behind.
    fn metric(&self) -> proto::Metric {
        let (mut counts, mut sum_ns) = ([0; SUM], 0.0);
        for cells in self.0.tally.of_threads() {
            for (count, cell) in counts.iter_mut().zip(cells) {
                *count += read(cell);
            }
            sum_ns += cells.get(SUM).map_or(0.0, |sum| f64::from_bits(read(sum)));
        }
        let mut so_far = 0;
        let buckets = Self::bounds().zip(counts).map(|(bound, count)| {
            so_far += count;
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(so_far);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(counts.iter().sum());
        histogram.set_sample_sum(sum_ns / 1e9);
        let mut metric = self.0.labelled();
        metric.set_histogram(histogram);
        metric
    }
}

/// Where the sum stands: after a cell for each bucket and one for what is longer than all of them.
const SUM: usize = BOUNDS_US.len() + 1;

#[cfg(test)]
mod tests {
    use super::{BOUNDS_US, Histogram};
    use crate::observe::tally::{Family, OfTallies, Tallies};
    use prometheus::core::Collector;
    use prometheus::{HistogramOpts, HistogramVec, Opts, TextEncoder};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::time::Duration;

    /// What both kinds of family say of the same durations, with the sums apart.
    fn told(durations: &[u64]) -> [(String, f64); 2] {
        let opts = Opts::new("took", "How long.").variable_label("route");
        let ours: Family<Histogram> =
            OfTallies::family(opts.clone(), &Tallies::default()).expect("a family");
        let opts = HistogramOpts::from(opts).buckets(Histogram::bounds().collect());
        let theirs = HistogramVec::new(opts, &["route"]).expect("a family");
        let label = &["a"];
        let series = (
            ours.with_label_values(label),
            theirs.with_label_values(label),
        );
        for nanos in durations {
            let took = Duration::from_nanos(*nanos);
            series.0.observe(took);
            series.1.observe(took.as_secs_f64());
        }
        [ours.collect(), theirs.collect()].map(|families| {
            let text = TextEncoder::new().encode_to_string(&families);
            let text = text.expect("legal names");
            let (sums, lines): (Vec<_>, Vec<_>) =
                text.lines().partition(|line| line.starts_with("took_sum"));
            let sum = sums.first().and_then(|line| line.rsplit(' ').next());
            let sum = sum.and_then(|sum| sum.parse().ok());
            (lines.join("\n"), sum.expect("a sum"))
        })
    }

    fn assert_alike(durations: &[u64]) {
        let [(ours, sum), (theirs, expected)] = told(durations);
        assert_eq!(ours, theirs);
        assert!(
            (sum - expected).abs() <= expected * 1e-12,
            "{sum} {expected}"
        );
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        assert_alike(&[]);
        let around = |bound: u64| [bound * 1_000 - 1, bound * 1_000, bound * 1_000 + 1];
        assert_alike(&BOUNDS_US.map(around).concat());
    }

    proptest! {
        #[test]
        fn it_tells_what_the_prometheus_crate_tells(
            durations in vec((0_u32..40, any::<u64>()).prop_map(|(bits, any)| any >> (63 - bits)), 0..200),
        ) {
            assert_alike(&durations);
        }
    }
}
