//! Where the request goes.

mod cluster;
mod member;
mod settings;
mod tunnel;

pub use cluster::Cluster;
pub use member::{Member, OpenError};
pub use settings::{Server, UpstreamSettings, UpstreamTimeouts};
pub use tunnel::prepare_tunnel;
