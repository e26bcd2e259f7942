//! The process: sockets, services and their order, signals, systemd, the end.

mod assemble;
mod lifecycle;
mod notify;
mod proxy_service;
mod pulse;
mod signals;
mod sockets;

pub use assemble::{MAX_IDLE, ServeError, serve};
pub use sockets::BindError;
