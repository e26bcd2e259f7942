//! `InFlight`: what has begun and not ended.

use super::cells::Tallies;
use super::family::{Row, Series};
use prometheus::core::Metric;
use prometheus::proto::{self, MetricType};
use std::sync::Arc;

/// A gauge of two counts. A clone counts the same things.
#[derive(Clone)]
pub struct InFlight(Arc<Row>);

impl InFlight {
    /// One that no scrape sees.
    #[must_use]
    pub fn unlabelled(tallies: &Tallies) -> Self {
        Self(Arc::new(Row::unlabelled(tallies.take(Self::CELLS))))
    }

    /// Something begins.
    pub fn begin(&self) {
        self.0.tally.own().add(BEGUN, 1);
    }

    /// Something that has begun ends, on whatever thread.
    pub fn end(&self) {
        self.0.tally.own().add(ENDED, 1);
    }

    /// At least what is in flight at some moment of this call, and no more than has begun and was not seen to end.
    ///
    /// The ends are added up first, on all threads: whatever is in flight when the first sum is done is missing there and
    /// has its beginning in the second. In the other order a request that begins on a thread which has been read and ends
    /// on one which has not would hide another, and a drain could end the process under it.
    #[must_use]
    pub fn get(&self) -> u64 {
        let ended = self.0.tally.sum(ENDED);
        self.0.tally.sum(BEGUN).wrapping_sub(ended)
    }
}

impl Series for InFlight {
    const KIND: MetricType = MetricType::GAUGE;
    const CELLS: usize = 2;

    fn of(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl Metric for InFlight {
    fn metric(&self) -> proto::Metric {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(self.get() as f64);
        let mut metric = self.0.labelled();
        metric.set_gauge(gauge);
        metric
    }
}

const ENDED: usize = 0;
const BEGUN: usize = 1;

#[cfg(test)]
mod tests {
    use super::InFlight;
    use crate::observe::tally::Tallies;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn what_ends_on_another_thread_never_hides_what_is_in_flight() {
        let in_flight = InFlight::unlabelled(&Tallies::default());
        let (begun, ending) = channel();
        let is_over = AtomicBool::new(false);
        in_flight.begin();
        thread::scope(|scope| {
            let (begins, is_over) = (&in_flight, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    begins.begin();
                    begun.send(()).expect("the other side waits for it");
                }
            });
            let ends = &in_flight;
            scope.spawn(move || ending.iter().for_each(|()| ends.end()));
            for _ in 0..20_000 {
                assert!((1..u64::MAX / 2).contains(&in_flight.get()));
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(in_flight.get(), 1);
    }
}
