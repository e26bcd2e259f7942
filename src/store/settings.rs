//! `StoreSettings`: which back end, and how to reach it. Pure data; `store::open` makes it a store.

use super::carried::{CarriedSettings, Envelope, Proof};
use super::foreign::RecordFormat;
use super::key::KeyTemplate;
use super::session::Session;
use crate::formats::handle::Handle;
use crate::secret::Secret;
use crate::token::TokenDigest;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One variant per back end, chosen in YAML by its key.
#[derive(Clone, Debug, PartialEq)]
pub enum StoreSettings {
    /// `memory:` the embedded store.
    Memory(MemorySettings),
    /// `redis:` Redis, one server or several.
    Redis(RedisSettings),
    /// `jwt:`, `http:`, or a signed cookie: no records of ours.
    Carried(Box<CarriedSettings>),
}

impl StoreSettings {
    /// Whether changes of the source's sessions are to be announced by anybody but this process.
    #[must_use]
    pub fn expects_changes(&self) -> bool {
        match self {
            Self::Memory(_) => false,
            Self::Redis(redis) => redis.invalidation != Invalidation::None,
            Self::Carried(carried) => carried.expects_changes(),
        }
    }

    /// The cookie at this place of the source's `token:` list, if it carries a session or another token.
    #[must_use]
    pub fn envelope(&self, place: usize) -> Option<&Envelope> {
        match self {
            Self::Carried(carried) => carried.proof.envelope(place),
            Self::Memory(_) | Self::Redis(_) => None,
        }
    }

    /// Whether what is shown at this place of the source's `token:` list is a signed token (RFC 7519) as it stands.
    #[must_use]
    pub fn takes_signed_tokens(&self, place: usize) -> bool {
        let Self::Carried(carried) = self else {
            return false;
        };
        matches!(carried.proof, Proof::Jwt(_)) && carried.proof.envelope(place).is_none()
    }

    /// From what is shown to the token that names the session; `None`: it is that token.
    #[must_use]
    pub fn handle(&self) -> Option<&Handle> {
        match self {
            Self::Redis(redis) => redis.format.handle(),
            Self::Memory(_) | Self::Carried(_) => None,
        }
    }
}

/// The embedded store's sessions, already read from the seed file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemorySettings {
    /// By token digest; the tokens themselves are not kept.
    pub sessions: Vec<(TokenDigest, SeedSession)>,
}

/// A seeded session. Its TTL starts when the store is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedSession {
    /// The record.
    pub session: Session,
    /// Life from start-up on; `None`: only the record's own `expires_at` ends it.
    pub ttl: Option<Duration>,
}

/// Redis servers and how to speak to them.
#[derive(Clone, Debug, PartialEq)]
pub struct RedisSettings {
    /// Where.
    pub servers: RedisServers,
    /// Database number; a cluster has 0 alone.
    pub db: i64,
    /// ACL user.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret<String>>,
    /// How a token becomes a key; `None` where no records are kept, but what is said of sessions that carry their own.
    pub key: Option<KeyTemplate>,
    /// What lies under a key.
    pub format: RecordFormat,
    /// Connect, TLS and HELLO together.
    pub connect_timeout: Duration,
    /// One reply.
    pub reply_timeout: Duration,
    /// How changes are learned of.
    pub invalidation: Invalidation,
    /// What a pushed change of a record means.
    pub on_push: OnPush,
    /// Whose keys are followed.
    pub follows: Follows,
}

/// Whose keys a Redis is followed for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Follows {
    /// The gateway's own, and the records under `key`.
    #[default]
    Own,
    /// Those of another service under these heads, to learn that one of them is gone. Nothing is read from them, and
    /// nothing is written there. None is empty or begins with another.
    Foreign(Vec<String>),
}

/// How a node learns that something has changed in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Invalidation {
    /// The server pushes what is written; the key's template must then be `trackable`.
    #[default]
    Tracking,
    /// Whoever revokes announces it.
    PubSub,
    /// Not before an entry's TTL is over.
    None,
}

/// What is done when a session's record was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnPush {
    /// It is forgotten, and read when it is next shown.
    #[default]
    Drop,
    /// It is forgotten and read again at once: for applications that write the record on every request.
    Suspect,
}

/// Which servers, chosen in YAML by the key.
#[derive(Clone, Debug, PartialEq)]
pub enum RedisServers {
    /// `url:` one server.
    One(RedisAddress),
    /// `sentinel:` the master that a set of sentinels names.
    Sentinel(Box<SentinelSettings>),
    /// `cluster:` every master of a Redis Cluster.
    Cluster(ClusterSettings),
}

/// The sentinels, and which of their masters.
#[derive(Clone, Debug, PartialEq)]
pub struct SentinelSettings {
    /// As the sentinels call it.
    pub master: String,
    /// At least one of them.
    pub nodes: Vec<RedisNode>,
    /// ACL user of the sentinels themselves.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret<String>>,
    /// To the sentinels and to the master.
    pub tls: Option<RedisTls>,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSettings {
    /// At least one of its nodes; the others are found through them.
    pub nodes: Vec<RedisNode>,
    /// To every node.
    pub tls: Option<RedisTls>,
}

/// `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RedisNode {
    /// Name or address, IPv6 without brackets; resolved at every connect.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

impl RedisNode {
    /// How to connect to it.
    pub(super) fn address(&self, tls: Option<&RedisTls>) -> RedisAddress {
        RedisAddress::Tcp {
            host: self.host.clone(),
            port: self.port,
            tls: tls.cloned(),
        }
    }
}

/// `redis://host:port`, `rediss://host:port` or `unix:///path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisAddress {
    /// TCP, with TLS for `rediss`.
    Tcp {
        /// Name or address; resolved at every connect.
        host: String,
        /// 6379 unless said.
        port: u16,
        /// `rediss://`; certificates are always verified.
        tls: Option<RedisTls>,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// TLS to Redis. The system's roots, or one CA of the site's own.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RedisTls {
    /// PEM text of `ca:`, read at load.
    pub ca_pem: Option<Vec<u8>>,
}

impl fmt::Display for RedisServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(address) => address.fmt(f),
            Self::Sentinel(sentinel) => {
                write!(f, "sentinel {} of ", sentinel.master)?;
                list(&sentinel.nodes, f)
            }
            Self::Cluster(cluster) => {
                f.write_str("cluster of ")?;
                list(&cluster.nodes, f)
            }
        }
    }
}

fn list(nodes: &[RedisNode], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, node) in nodes.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        write!(f, "{comma}{node}")?;
    }
    Ok(())
}

impl fmt::Display for RedisNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, tls } => {
                let scheme = if tls.is_some() { "rediss" } else { "redis" };
                if host.contains(':') {
                    write!(f, "{scheme}://[{host}]:{port}")
                } else {
                    write!(f, "{scheme}://{host}:{port}")
                }
            }
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}
