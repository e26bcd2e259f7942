//! Numbers of the request path: every thread counts for itself, and a scrape adds up.

mod by_label;
mod cells;
mod counter;
mod family;
mod histogram;
mod in_flight;

pub use by_label::ByLabel;
pub use cells::{Tallies, Tally};
pub use counter::Counter;
pub use family::{Family, OfTallies, Row, Series};
pub use histogram::Histogram;
pub use in_flight::InFlight;
