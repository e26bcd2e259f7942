//! `SessionStore`: what every back end offers, and the ways in which it can fail to answer.

use super::broken_record::BrokenRecord;
use super::feed::{ChangeSink, Feed};
use super::session::{SessionKey, StoredSession};
use super::user_mark::UserMark;
use crate::clock::{Now, UnixMillis};
use crate::jwt::UnfitKeys;
use crate::token::{Credential, Flaw, TokenDigest};
use async_trait::async_trait;
use std::borrow::Cow;
use std::sync::Arc;
use thiserror::Error;

/// Where sessions are kept, or who vouches for them. Three implementations: `memory`, `redis` and `carried`.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Starts what the store keeps running, in the caller's tokio runtime: each Pingora service has its own, and a
    /// connection has to live in the one that uses it. Returns when the first attempt is over, whatever came of it, so
    /// that an outage never delays a start by more than the connect timeout. Calling it again changes nothing.
    async fn start(&self) {}

    /// Tells this sink of every change from now on; called once, before [`Self::start`]. The store keeps the sink, so the
    /// sink must not keep the store: neither would ever be dropped.
    fn watch(&self, _sink: Arc<dyn ChangeSink>) {}

    /// How changes are announced just now.
    fn feed(&self) -> Feed {
        Feed::none("this store announces no changes")
    }

    /// Looks one credential up. `Ok(None)` is a definite "no such session", never a failure in disguise.
    ///
    /// # Errors
    /// [`LookupError::Broken`] when a record is there but cannot be used, [`LookupError::Store`] when the store could not say.
    async fn find(
        &self,
        credential: &Credential,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError>;

    /// The same for a session of which the store itself has said that its record changes all the time.
    ///
    /// # Errors
    /// As [`Self::find`].
    async fn find_again(
        &self,
        session: &SessionKey,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError>;

    /// Whether the records lie where it is kept what is said of sessions and users: then all of it can be asked for at once.
    fn keeps_records(&self) -> bool {
        true
    }

    /// A name by which the store would tell of changes to what this credential shows, beside that of the credential.
    fn other_name(&self, _credential: &Credential) -> Option<TokenDigest> {
        None
    }

    /// Whether a session that carries its own record, which does not say, was revoked: by its name, or by its id as a signed
    /// token.
    ///
    /// # Errors
    /// As [`Self::find`].
    async fn is_revoked(
        &self,
        session: TokenDigest,
        token_id: Option<&str>,
    ) -> Result<bool, LookupError>;

    /// When a session was last used, if that is written down: of interest only where there is an idle timeout.
    ///
    /// # Errors
    /// As [`Self::find`].
    async fn last_seen(&self, session: TokenDigest) -> Result<Option<UnixMillis>, LookupError>;

    /// What is said of a user, whatever the session.
    ///
    /// # Errors
    /// As [`Self::find`].
    async fn user(&self, user_id: &str) -> Result<UserMark, LookupError>;

    /// Writes down that a session with an idle timeout was used, to be kept until `keep_until`.
    ///
    /// # Errors
    /// When the store does not take it.
    async fn seen(
        &self,
        session: TokenDigest,
        at: UnixMillis,
        keep_until: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Ends the session of a shown credential for good, and lets every node know; its own sink before it returns. What is
    /// not there is ended already.
    ///
    /// # Errors
    /// When the store does not take it.
    async fn end(&self, credential: &Credential) -> Result<(), StoreError>;

    /// Whether the store answers just now; shown in status and metrics, never used to refuse a request by itself.
    fn is_up(&self) -> bool;

    /// The servers that hold the sessions just now, for status.
    fn servers(&self) -> Vec<ServerState> {
        Vec::new()
    }
}

/// One server of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerState {
    /// Holds no password.
    pub address: String,
    /// Whether it answers.
    pub up: bool,
}

/// Why a lookup gave neither a session nor a definite "no such session".
#[derive(Clone, Debug, Error)]
pub enum LookupError {
    /// Definitely none, and why.
    #[error(transparent)]
    Without(#[from] NoSession),
    /// The record is at fault: answered 502 (R2).
    #[error(transparent)]
    Broken(#[from] BrokenRecord),
    /// The store is at fault: answered from the cache or 503 (R7).
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why what was shown is no session of a user, although something is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoSession {
    /// There is a record, and nobody has logged in with it: the request counts as one without a credential.
    #[error("a session of nobody")]
    Guest,
    /// It proves itself, and its proof is not believed.
    #[error(transparent)]
    Flawed(#[from] Flaw),
}

/// The store could not say. The text never holds keys, tokens or passwords.
#[derive(Clone, Debug, Error)]
#[error("store {}: {detail}", kind.as_str())]
pub struct StoreError {
    /// What an operator would do differently about it; the metric label.
    pub kind: StoreFault,
    /// For the log.
    pub detail: Cow<'static, str>,
}

/// Kinds of store failure, as `sessiongate_store_errors_total{kind}` counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreFault {
    /// No connection.
    Io,
    /// No answer in time.
    Timeout,
    /// Refused: credentials or ACL.
    Auth,
    /// Loading, failing over, out of memory, read-only.
    Unavailable,
    /// Too many lookups in flight on this node.
    Overload,
}

impl StoreFault {
    /// Every kind, for resolving metric handles at load.
    pub const ALL: [Self; 5] = [
        Self::Io,
        Self::Timeout,
        Self::Auth,
        Self::Unavailable,
        Self::Overload,
    ];

    /// The metric label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Timeout => "timeout",
            Self::Auth => "auth",
            Self::Unavailable => "unavailable",
            Self::Overload => "overload",
        }
    }
}

/// Settings with which a store can never work.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreOpenError {
    /// `ca:` of a `rediss://` address.
    #[error(
        "the CA for {address} cannot be used: {fault}; it must be a PEM file with one or more certificates"
    )]
    Ca {
        /// The address; holds no password.
        address: String,
        /// What is wrong with it.
        fault: String,
    },
    /// `jwt:` of a source.
    #[error("the key set of the session source `{source_name}` {fault}")]
    Keys {
        /// The source.
        source_name: String,
        /// What is wrong with it.
        fault: UnfitKeys,
    },
}
