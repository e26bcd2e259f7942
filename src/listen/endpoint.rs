//! `Endpoint`: an address to listen on, and the patience with those who connect there.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where a listener is bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `:8080`: every address of the host, IPv6 and IPv4.
    Any(u16),
    /// `127.0.0.1:8080`, `[::1]:8080`.
    Tcp(SocketAddr),
    /// `unix:/run/sessiongate/http.sock`.
    Unix(PathBuf),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(port) => write!(f, ":{port}"),
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// `client:`, what one client may take of us (design rule R15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// From the connection (or the end of the last request) to a complete request head. Bounds idle keep-alive too when longer than `idle`.
    pub header_timeout: Duration,
    /// An unused keep-alive connection.
    pub idle_timeout: Duration,
    /// Between two reads of a request body.
    pub read_timeout: Duration,
    /// One write of the response.
    pub write_timeout: Duration,
    /// Request line and headers together; past that 431.
    pub max_header_bytes: usize,
    /// Header lines; past that 431.
    pub max_headers: usize,
    /// Request body where the route says nothing else; `None`: unlimited. Past that 413.
    pub max_body_bytes: Option<u64>,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            read_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(60),
            max_header_bytes: 64 * 1024,
            max_headers: 100,
            max_body_bytes: Some(64 * 1024 * 1024),
        }
    }
}
