//! `ChangeSink` and `Feed`: what a store tells whoever caches its answers, and whether it can.

use super::message::Message;
use super::session::SessionKey;
use crate::token::TokenDigest;
use std::borrow::Cow;
use std::time::Duration;

/// What a store tells whoever caches its answers.
///
/// Called from a connection's driver and from tasks, between the replies of that very connection: a method must neither
/// block nor call the store. It begins as lost; until `restored` nothing is promised. Calls of `lost` and `restored` never
/// overlap; a load that began before a `lost` must not be trusted after it.
pub trait ChangeSink: Send + Sync + 'static {
    /// Something was written, deleted, evicted or has expired. May be false, is never late.
    fn changed(&self, change: Change<'_>);

    /// Somebody announced a revocation, or something that is none. By now the store counts it as done.
    fn message(&self, message: &Message);

    /// Anything may have changed unseen: the connection is gone, the canary is silent, or the server
    /// answers as one that fails over.
    fn lost(&self);

    /// From here on every change is told. Always comes right after a `lost`.
    fn restored(&self);

    /// Every record is gone, which is told in time: a `lost` and a `restored`, between which nothing was missed.
    fn flushed(&self) {
        self.lost();
        self.restored();
    }

    /// How long one change of the node's own took to come back.
    fn lag(&self, lag: Duration);
}

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// The record of this session.
    Session(TokenDigest),
    /// The same, in a store whose records are rewritten whenever they are used: most likely it is as it was.
    Touched(&'a SessionKey),
    /// The record that every session of this name is read from.
    Shared(TokenDigest),
    /// The mark of this user.
    User(&'a str),
    /// Whether the session or the signed token of this name is revoked.
    Revoked(&'a str),
}

/// How a store announces changes, for status and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// By what means.
    pub mode: FeedMode,
    /// Whether every change is told just now.
    pub vouching: bool,
}

/// By what means a store announces changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedMode {
    /// Redis pushes the keys that were written.
    Tracking,
    /// Whoever revokes says so on `sessiongate:events`; other changes are not told.
    Messages,
    /// Changes are made in this very process.
    Process,
    /// Not at all, and why: entries live for their TTL. Found anew with every connection.
    None(Cow<'static, str>),
}

impl FeedMode {
    /// The word in status and configuration.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Tracking => "tracking",
            Self::Messages => "pubsub",
            Self::Process => "process",
            Self::None(_) => "none",
        }
    }

    /// Why nothing is told.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::None(reason) => Some(reason),
            Self::Tracking | Self::Messages | Self::Process => None,
        }
    }
}

impl Feed {
    /// How long a revocation can go unheard while `vouching`, at the very most: a silently cut network is noticed by the
    /// next canary, sent every second and waited for as long; and the node has to come to it.
    pub const BOUND: Duration = Duration::from_millis(2_500);

    /// A store that announces nothing, and why.
    pub fn none(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            mode: FeedMode::None(reason.into()),
            vouching: false,
        }
    }
}
