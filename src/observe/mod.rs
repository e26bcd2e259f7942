//! How we are watched.

pub mod logging;

mod handles;
mod line_writer;
mod metrics;
mod phase;
mod process;
mod settings;
mod tally;

pub use handles::{AttemptResult, RouteMetrics, ServerMetrics};
pub use line_writer::LineWriter;
pub use metrics::Metrics;
pub use phase::{Phase, ServerState};
pub use settings::{AccessLog, LogFormat, LogLevel, LogSettings};
pub use tally::{
    ByLabel, Counter, Family, Histogram, InFlight, OfTallies, Row, Series, Tallies, Tally,
};
