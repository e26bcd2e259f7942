//! How clients reach us.

mod buffers;
mod endpoint;
mod guard;
mod network;

pub use buffers::BUFFERS;
pub use endpoint::{ClientLimits, Endpoint};
pub use guard::{Guarded, head_is_complete};
pub use network::{Network, NetworkError};
