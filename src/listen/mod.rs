//! How clients reach us.

mod endpoint;
mod guard;
mod network;

pub use endpoint::{ClientLimits, Endpoint};
pub use guard::{Guarded, head_is_complete};
pub use network::{Network, NetworkError};
