//! Pingora passing HTTP/1.1 through to one upstream: what the gateway's cost is compared with.
//!
//! * `bare-pingora` ([`same`]): allocator, timeouts, limits, modules and guard of the gateway; no identity, no metrics, no
//!   log. What the gateway costs over it is what its own work costs.
//! * `bare-pingora-stock` ([`stock`]): the plainest proxy that Pingora's documentation shows, with the system's allocator.
//!   What the gateway saves under it is what its settings are worth.
//!
//! ```text
//! cargo build --release --locked -p bare-pingora
//! target/release/bare-pingora --listen 127.0.0.1:8081 --upstream 127.0.0.1:9000
//! target/release/bare-pingora-stock --listen 127.0.0.1:8082 --upstream 127.0.0.1:9000
//! ```

pub mod same;
pub mod stock;

use clap::Parser;
use pingora::server::configuration::ServerConf;
use std::net::SocketAddr;

/// Pingora passing HTTP/1.1 through to one upstream. SIGTERM or SIGINT ends it.
#[derive(Clone, Copy, Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Args {
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Address of the upstream.
    #[arg(long, value_name = "ADDRESS")]
    pub upstream: SocketAddr,
    /// Worker threads.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub threads: usize,
}

impl Args {
    /// Pingora's defaults, but for the threads and a stop that takes no five minutes.
    fn conf(&self) -> ServerConf {
        ServerConf {
            threads: self.threads,
            grace_period_seconds: Some(0),
            graceful_shutdown_timeout_seconds: Some(1),
            ..ServerConf::default()
        }
    }
}
