//! How we are watched.

pub mod logging;

mod handles;
mod line_writer;
mod metrics;
mod phase;
mod process;
mod settings;

pub use handles::{AttemptResult, RouteMetrics, ServerMetrics};
pub use line_writer::LineWriter;
pub use metrics::{BUCKETS, Metrics};
pub use phase::{Phase, ServerState};
pub use settings::{AccessLog, LogFormat, LogLevel, LogSettings};
