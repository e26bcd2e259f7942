//! `Schedule`: the intended starts of an open loop. They depend on the rate alone, never on an answer.

use clap::ValueEnum;
use rand::RngExt;
use rand::rngs::SmallRng;
use serde::Serialize;
use std::time::Duration;

/// How intended starts are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Arrival {
    /// Evenly.
    Constant,
    /// As independent clients do: the gaps are exponentially distributed.
    Poisson,
}

/// One thread's intended starts, as times since the beginning of the run; endless.
pub(crate) struct Schedule {
    arrival: Arrival,
    gap: f64,
    next: f64,
    rng: SmallRng,
}

impl Schedule {
    /// The share of thread number `thread` of so many in `rate` requests per second.
    pub(crate) fn new(
        arrival: Arrival,
        rate: f64,
        thread: usize,
        threads: usize,
        rng: SmallRng,
    ) -> Self {
        let mut schedule = Self {
            arrival,
            gap: threads as f64 / rate,
            next: 0.0,
            rng,
        };
        schedule.next = match arrival {
            // Interleaved with those of the other threads.
            Arrival::Constant => thread as f64 / rate,
            // Independent streams add up to one of their summed rate.
            Arrival::Poisson => schedule.exponential_gap(),
        };
        schedule
    }

    fn exponential_gap(&mut self) -> f64 {
        // In [0, 1), so that the logarithm is of (0, 1].
        let uniform: f64 = self.rng.random();
        -self.gap * (1.0 - uniform).ln()
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let start = self.next;
        self.next += match self.arrival {
            Arrival::Constant => self.gap,
            Arrival::Poisson => self.exponential_gap(),
        };
        Some(Duration::from_secs_f64(start))
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrival, Schedule};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use std::time::Duration;

    fn schedule(arrival: Arrival, rate: f64, thread: usize, threads: usize) -> Schedule {
        Schedule::new(arrival, rate, thread, threads, SmallRng::seed_from_u64(7))
    }

    #[test]
    fn constant_starts_are_even_and_threads_interleave() {
        let starts = |thread, threads| -> Vec<_> {
            schedule(Arrival::Constant, 1000.0, thread, threads)
                .map(|start| start.as_secs_f64() * 1000.0)
                .map(|ms| ms.round() as u64)
                .take(4)
                .collect()
        };
        assert_eq!(starts(0, 1), [0, 1, 2, 3]);
        assert_eq!(starts(0, 2), [0, 2, 4, 6]);
        assert_eq!(starts(1, 2), [1, 3, 5, 7]);
    }

    #[test]
    fn constant_starts_do_not_drift_over_a_long_run() {
        let last = schedule(Arrival::Constant, 3000.0, 0, 1).nth(3_000_000);
        let off = last.unwrap_or_default().as_secs_f64() - 1000.0;
        assert!(off.abs() < 1e-6, "off by {off} s after 1000 s");
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_spread_of_an_exponential() {
        let count = 200_000;
        let starts: Vec<_> = schedule(Arrival::Poisson, 2000.0, 0, 2)
            .take(count)
            .collect();
        let gaps = || {
            starts
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).as_secs_f64())
        };
        let mean = gaps().sum::<f64>() / gaps().count() as f64;
        let deviation =
            (gaps().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps().count() as f64).sqrt();
        assert!((mean * 1000.0 - 1.0).abs() < 0.02, "mean gap {mean} s");
        assert!(
            (deviation / mean - 1.0).abs() < 0.02,
            "deviation {deviation}, mean {mean}"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_starts() {
        let first: Vec<Duration> = schedule(Arrival::Poisson, 100.0, 0, 1).take(50).collect();
        let again: Vec<Duration> = schedule(Arrival::Poisson, 100.0, 0, 1).take(50).collect();
        assert_eq!(first, again);
    }
}
