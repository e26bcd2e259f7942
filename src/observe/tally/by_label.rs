//! `ByLabel`: the series that one handle counts in, by the label that differs.

use super::counter::Counter;
use std::array;
use std::sync::OnceLock;

/// Up to `N` series, each made with its first count and from then on found without a lock or a hash. The label comes from
/// a closed list, and the usual ones are met first.
#[derive(Clone)]
pub struct ByLabel<K, const N: usize> {
    met: [OnceLock<(K, Counter)>; N],
}

impl<K: Copy + PartialEq, const N: usize> ByLabel<K, N> {
    /// Counts one under this label; `series` asks the family, which is the same for everybody.
    pub fn count(&self, label: K, series: impl Fn() -> Counter) {
        for met in &self.met {
            let (known, counter) = met.get_or_init(|| (label, series()));
            if *known == label {
                return counter.inc();
            }
        }
        series().inc();
    }
}

impl<K, const N: usize> Default for ByLabel<K, N> {
    fn default() -> Self {
        Self {
            met: array::from_fn(|_| OnceLock::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByLabel;
    use crate::observe::tally::{Counter, Family, OfTallies, Tallies};
    use prometheus::Opts;

    #[test]
    fn each_label_has_its_series_also_when_there_are_more_than_places() {
        let opts = Opts::new("met", "Met.").variable_label("reason");
        let family: Family<Counter> =
            OfTallies::family(opts, &Tallies::default()).expect("a family");
        let met = ByLabel::<&str, 2>::default();
        for label in ["a", "b", "c", "a", "c", "a"] {
            met.count(label, || family.with_label_values(&[label]));
        }
        let counts = ["a", "b", "c"].map(|label| family.with_label_values(&[label]).get());
        assert_eq!(counts, [3, 1, 2]);
    }
}
