//! `UpstreamSettings`: a named group of servers and how patient we are with them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One entry of `upstreams:`, or the address a route names directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// The metric label: the name, or the address itself.
    pub name: String,
    /// At least one; taken in turn.
    pub servers: Vec<Server>,
    /// Patience.
    pub timeouts: UpstreamTimeouts,
}

/// Where one server listens. A host name is resolved at start and again in the background; it never stops a start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// Host name or address, and port.
    Tcp {
        /// Without brackets.
        host: String,
        /// 1 to 65535.
        port: u16,
    },
    /// `unix:/run/app.sock`.
    Unix(PathBuf),
}

/// All have defaults: Pingora's own have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamTimeouts {
    /// TCP connect.
    pub connect: Duration,
    /// Between two reads.
    pub read: Duration,
    /// Between two writes.
    pub write: Duration,
    /// How long an unused connection is kept; keep it below the server's own keep-alive.
    pub idle: Duration,
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            read: Duration::from_secs(60),
            write: Duration::from_secs(60),
            idle: Duration::from_secs(30),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
