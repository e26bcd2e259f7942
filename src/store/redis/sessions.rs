//! `RedisStore`: a `SessionStore` over `Servers`.

use super::reply;
use super::servers::Servers;
use crate::clock::Now;
use crate::store::contract::{
    LookupError, ServerState, SessionStore, StoreError, StoreFault, StoreOpenError,
};
use crate::store::feed::{ChangeSink, Feed};
use crate::store::key::KeyTemplate;
use crate::store::session::StoredSession;
use crate::store::settings::RedisSettings;
use crate::token::Credential;
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::{info, warn};

/// Native records under templated keys.
pub struct RedisStore {
    name: Box<str>,
    key: KeyTemplate,
    servers: Servers,
    /// Whether the last answered lookup was refused: a refusal is logged when it begins and when it ends.
    refused: AtomicBool,
}

impl RedisStore {
    /// Checks the settings and connects nothing: an unreachable server is no reason not to start.
    ///
    /// # Errors
    /// When the CA of `rediss://` cannot be used.
    pub fn open(name: &str, settings: &RedisSettings) -> Result<Self, StoreOpenError> {
        Ok(Self {
            name: name.into(),
            key: settings.key.clone(),
            servers: Servers::open(name, settings)?,
            refused: AtomicBool::new(false),
        })
    }

    fn note_refusal(&self, error: &StoreError) {
        if self.refused.swap(true, Ordering::Relaxed) {
            return;
        }
        let detail = &error.detail;
        if error.kind == StoreFault::Auth {
            let prefix = self.key.prefix();
            warn!(
                store = &*self.name,
                "lookups are refused: {detail}; the ACL user needs ~{prefix}* +getrange +pttl +ping"
            );
        } else {
            warn!(
                store = &*self.name,
                "lookups are refused: {detail}; known sessions go on from the cache"
            );
        }
    }

    fn note_answer(&self) {
        // Read first: this runs on every lookup, and a plain load does not take the cache line from other cores.
        if self.refused.load(Ordering::Relaxed) && self.refused.swap(false, Ordering::Relaxed) {
            info!(store = &*self.name, "lookups are answered again");
        }
    }
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn start(&self) {
        self.servers.start().await;
    }

    fn watch(&self, sink: Arc<dyn ChangeSink>) {
        self.servers.watch(sink);
    }

    fn feed(&self) -> Feed {
        self.servers.feed()
    }

    async fn find(
        &self,
        credential: &Credential,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        let question = reply::question(&self.key.key(credential));
        let replies = self.servers.ask(&question).await?;
        let answer = reply::answer(replies, now.wall);
        match &answer {
            Err(LookupError::Store(error)) => {
                // Loading, or failing over: what it pushed before may not be all.
                if error.kind == StoreFault::Unavailable {
                    self.servers.lose();
                }
                self.note_refusal(error);
            }
            _ => self.note_answer(),
        }
        answer
    }

    fn is_up(&self) -> bool {
        self.servers.is_up()
    }

    fn servers(&self) -> Vec<ServerState> {
        self.servers.states()
    }
}
