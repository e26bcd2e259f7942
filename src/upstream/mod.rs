//! Where the request goes.

mod cluster;
mod member;
mod settings;

pub use cluster::Cluster;
pub use member::{Member, OpenError};
pub use settings::{Server, UpstreamSettings, UpstreamTimeouts};
