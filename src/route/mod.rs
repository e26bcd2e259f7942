//! Which rule a request meets.

mod endpoint;
#[cfg(test)]
mod meaning;
mod pattern;
mod rule;
mod table;

pub use endpoint::{Endpoint, ExpiredCookie, KEY_SET_CACHE_CONTROL, KEY_SET_TYPE};
pub use pattern::{HostPattern, PathPattern, PatternError};
pub use rule::{Credentials, MAX_BODY_TOKEN_BYTES, RouteSettings, Underscores};
pub use table::RouteTable;
