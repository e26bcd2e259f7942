//! Which rule a request meets.

#[cfg(test)]
mod meaning;
mod pattern;
mod rule;
mod table;

pub use pattern::{HostPattern, PathPattern, PatternError};
pub use rule::{Credentials, RouteSettings, Underscores};
pub use table::RouteTable;
