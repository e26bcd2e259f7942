//! `Blueprint`: the valid configuration. Pure data: comparable, printable, unopened; `runtime` opens it.

use crate::cache::CachePolicy;
use crate::identity::AssertionSettings;
use crate::listen::{ClientLimits, Endpoint, Network};
use crate::observe::LogSettings;
use crate::route::RouteSettings;
use crate::secret::Secret;
use crate::store::{Invalidation, StoreSettings};
use crate::token::TokenSource;
use crate::upstream::UpstreamSettings;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Everything one YAML file says, with defaults filled in, names resolved and secrets read.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    /// At least one.
    pub listeners: Vec<Endpoint>,
    /// Peers whose `X-Forwarded-For` and `X-Request-Id` are believed.
    pub trusted_proxies: Vec<Network>,
    /// What a client may take of us.
    pub client: ClientLimits,
    /// Routes name these by index.
    pub upstreams: Vec<UpstreamSettings>,
    /// Routes name these by index; in the order of the file.
    pub sources: Vec<SourceSettings>,
    /// One cache for all sources.
    pub cache: CachePolicy,
    /// Who signs what services are told; there if a route writes an assertion.
    pub assertion: Option<AssertionSettings>,
    /// How changes are learned of where a source says nothing else.
    pub invalidation: Invalidation,
    /// At least one; in the order of the file.
    pub routes: Vec<RouteSettings>,
    /// Where metrics, health and status are served; `None`: nowhere.
    pub admin: Option<AdminSettings>,
    /// Proxy workers; `None`: one per core.
    pub threads: Option<NonZeroUsize>,
    /// Logging.
    pub log: LogSettings,
    /// How long requests in flight may go on after SIGTERM.
    pub drain: Duration,
}

/// The operators' listener.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminSettings {
    /// Where it listens.
    pub listen: Endpoint,
    /// What opens it for changes over TCP; `None`: nothing does.
    pub token: Option<Secret<String>>,
}

/// One session source: where its tokens stand in a request and where its sessions are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSettings {
    /// The metric label; `default` when the file names none.
    pub name: String,
    /// In the order they are asked.
    pub tokens: Vec<TokenSource>,
    /// The back end.
    pub store: StoreSettings,
    /// For records that name none.
    pub idle_timeout: Option<Duration>,
}
