//! `SessionReader`: who makes a session of what was shown.

use crate::clock::Now;
use crate::store::contract::{LookupError, ServerState};
use crate::store::session::StoredSession;
use crate::token::{Credential, TokenDigest};
use async_trait::async_trait;

/// Reads one kind of credential. Implemented for signed tokens, signed cookies and the auth service.
#[async_trait]
pub trait SessionReader: Send + Sync + 'static {
    /// Starts what the reader keeps running, in the caller's tokio runtime. Calling it again changes nothing.
    async fn start(&self) {}

    /// Makes a session of a credential; what was revoked is not its concern. `Ok(None)`: definitely none.
    ///
    /// A session that is told here must have `carried` set.
    ///
    /// # Errors
    /// As [`SessionStore::find`](crate::store::SessionStore::find).
    async fn read(
        &self,
        credential: &Credential,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError>;

    /// A name by which a change to what this credential shows would be told, beside its own.
    fn other_name(&self, _credential: &Credential) -> Option<TokenDigest> {
        None
    }

    /// Whether it can answer just now.
    fn is_up(&self) -> bool {
        true
    }

    /// Whom it asks, for status.
    fn servers(&self) -> Vec<ServerState> {
        Vec::new()
    }
}
