//! `Family`: the series of one name that are kept as tallies. Registration, labels and text are the prometheus crate's.

use super::cells::{Tallies, Tally};
use prometheus::core::{Metric, MetricVec, MetricVecBuilder};
use prometheus::proto::{LabelPair, MetricType};
use prometheus::{Error, Opts};
use std::marker::PhantomData;
use std::sync::Arc;

/// Every series of one metric, by its labels.
pub type Family<S> = MetricVec<OfTallies<S>>;

/// What a family is made of: a kind of number under its labels. A clone counts in the same series.
pub trait Series: Metric {
    /// As scrapes are told.
    const KIND: MetricType;
    /// How many cells it needs.
    const CELLS: usize;
    /// The series that is kept in this row.
    fn of(row: Arc<Row>) -> Self;
}

/// The labels of a series and its cells.
pub struct Row {
    labels: Vec<LabelPair>,
    pub(super) tally: Tally,
}

/// Makes the series of a family.
#[derive(Clone)]
pub struct OfTallies<S> {
    tallies: Tallies,
    series: PhantomData<S>,
}

impl<S: Series> OfTallies<S> {
    /// A family without series yet.
    ///
    /// # Errors
    /// When the name, the help or a label is not what Prometheus takes.
    pub fn family(opts: Opts, tallies: &Tallies) -> Result<Family<S>, Error> {
        let builder = Self {
            tallies: tallies.clone(),
            series: PhantomData,
        };
        Family::create(S::KIND, builder, opts)
    }
}

impl<S: Series> MetricVecBuilder for OfTallies<S> {
    type M = S;
    type P = Opts;

    fn build<V: AsRef<str>>(&self, opts: &Opts, values: &[V]) -> Result<S, Error> {
        let named = opts.variable_labels.iter().zip(values);
        let mut labels: Vec<_> = named
            .map(|(name, value)| pair(name, value.as_ref()))
            .collect();
        labels.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(S::of(Arc::new(Row {
            labels,
            tally: self.tallies.take(S::CELLS),
        })))
    }
}

impl Row {
    /// For what is not of a family.
    pub(super) fn unlabelled(tally: Tally) -> Self {
        let labels = Vec::new();
        Self { labels, tally }
    }

    /// What a scrape is told of it, but for the numbers.
    pub(super) fn labelled(&self) -> prometheus::proto::Metric {
        prometheus::proto::Metric::from_label(self.labels.clone())
    }
}

fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}
