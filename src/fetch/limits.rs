//! `FetchLimits`: how patient we are with a server, and how much of it we take.

use std::time::Duration;

/// Everything has a bound; the defaults suit a server next door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// TCP and TLS together, for one address of the server.
    pub connect: Duration,
    /// The whole exchange: connection, request, answer, and a second attempt if there is one.
    pub total: Duration,
    /// How long an unused connection is kept; keep it below the server's own keep-alive.
    pub idle: Duration,
    /// Of an answer's head. Pingora reads up to 1 MiB of one before it is measured (0.9.1).
    pub max_head_bytes: usize,
    /// Of an answer's body.
    pub max_body_bytes: usize,
    /// Exchanges at a time; the next one fails at once.
    pub max_in_flight: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            total: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            max_head_bytes: 32 * 1024,
            max_body_bytes: 256 * 1024,
            max_in_flight: 256,
        }
    }
}
