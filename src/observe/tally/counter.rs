//! `Counter`: only goes up.

use super::family::{Row, Series};
use prometheus::core::Metric;
use prometheus::proto::{self, MetricType};
use std::sync::Arc;

/// Counts events. A clone counts the same ones.
#[derive(Clone)]
pub struct Counter(Arc<Row>);

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.inc_by(1);
    }

    /// So many more.
    pub fn inc_by(&self, more: u64) {
        self.0.tally.own().add(0, more);
    }

    /// How many.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.tally.sum(0)
    }
}

impl Series for Counter {
    const KIND: MetricType = MetricType::COUNTER;
    const CELLS: usize = 1;

    fn of(row: Arc<Row>) -> Self {
        Self(row)
    }
}

impl Metric for Counter {
    fn metric(&self) -> proto::Metric {
        let mut counter = proto::Counter::default();
        counter.set_value(self.get() as f64);
        let mut metric = self.0.labelled();
        metric.set_counter(counter);
        metric
    }
}
