//! `RouteSettings`: what a match means. Names are resolved: upstreams and sources are indices into the blueprint.

use super::endpoint::Endpoint;
use super::pattern::{HostPattern, PathPattern};
use crate::headers::Profile;
use crate::policy::{OnDisabled, OnInvalid, Require};

/// One entry of `routes:`, checked and with its defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteSettings {
    /// The metric label: `name:`, or host and path as the file has them (`blog.example.com/admin/*`, `*`).
    pub name: String,
    /// Which hosts.
    pub host: HostPattern,
    /// Which paths.
    pub path: PathPattern,
    /// Index into `Blueprint::upstreams`.
    pub upstream: usize,
    /// Indices into `Blueprint::sources`, in the order they are asked. Empty: no session is looked up.
    pub sources: Vec<usize>,
    /// What the upstream is told; empty is `identity: none`.
    pub identity: Vec<Profile>,
    /// Who may pass.
    pub require: Require,
    /// What an invalid credential means.
    pub invalid: OnInvalid,
    /// What a disabled user means.
    pub disabled: OnDisabled,
    /// Whether the consumed credential goes on to the upstream.
    pub credentials: Credentials,
    /// Whether header names with `_` pass.
    pub underscores: Underscores,
    /// Largest request body in bytes; `None`: unlimited.
    pub max_body_bytes: Option<u64>,
    /// Largest body in bytes that is looked into for a token, at most [`MAX_BODY_TOKEN_BYTES`]; `None`: none is.
    pub body_token_bytes: Option<u64>,
    /// What the gateway itself answers on this route's host.
    pub endpoints: Vec<Endpoint>,
}

/// What Pingora keeps of a body to send it again, and so the most of one that can be read before it is sent.
pub const MAX_BODY_TOKEN_BYTES: u64 = 64 * 1024;

/// `credentials:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// The cookie pair or Authorization line that was exchanged stays here.
    Strip,
    /// It goes on.
    Keep,
}

/// `underscores:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Underscores {
    /// Dropped, as nginx does.
    #[default]
    Drop,
    /// Passed; reserved names are removed all the same.
    Pass,
}
