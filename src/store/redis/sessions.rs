//! `RedisStore`: a `SessionStore` over `Servers`.

use super::ledger::{Ledger, LedgerSink};
use super::reply;
use super::scribe;
use super::servers::Servers;
use crate::clock::{Now, UnixMillis};
use crate::store::contract::{
    LookupError, ServerState, SessionStore, StoreError, StoreFault, StoreOpenError,
};
use crate::store::feed::{ChangeSink, Feed};
use crate::store::foreign::RecordFormat;
use crate::store::key::KeyTemplate;
use crate::store::own_keys;
use crate::store::owned_task::OwnedTask;
use crate::store::revocation::Revocation;
use crate::store::session::{SessionKey, StoredSession};
use crate::store::settings::RedisSettings;
use crate::store::user_mark::UserMark;
use crate::token::{Credential, TokenDigest};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tracing::{info, warn};

/// Records under templated keys, and what is said of sessions and users.
pub struct RedisStore {
    name: Arc<str>,
    pub(super) key: Option<KeyTemplate>,
    format: RecordFormat,
    pub(super) servers: Arc<Servers>,
    ledger: Arc<Ledger>,
    scribe: OnceLock<OwnedTask>,
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
            format: settings.format.clone(),
            servers: Arc::new(Servers::open(name, settings)?),
            ledger: Arc::default(),
            scribe: OnceLock::new(),
            refused: AtomicBool::new(false),
        })
    }

    pub(super) async fn read(
        &self,
        key: &str,
        session: TokenDigest,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        let question = reply::question(key, session, &self.format);
        // Before the question: what is written and let go of meanwhile may have been written after the server's answer.
        let is_announced = self.ledger.revokes(session.sid());
        // What a hash holds is measured before it is read (R15).
        let measured = match reply::size_question(key, &self.format) {
            Some(question) => reply::fits(self.servers.ask(&question).await?, &self.format),
            None => Ok(()),
        };
        let mut answer = match measured {
            Ok(()) => {
                let replies = self.servers.ask(&question).await?;
                reply::answer(replies, session, &self.format, now.wall)
            }
            Err(fault) => Err(fault),
        };
        self.note(answer.as_ref().err());
        if let Ok(Some(stored)) = &mut answer {
            stored.is_revoked |= is_announced;
        }
        answer
    }

    /// What an ACL has to allow for the records.
    pub(super) fn records_pattern(&self) -> String {
        let head = |key: &KeyTemplate| format!("~{}* ", key.prefix());
        self.key.as_ref().map(head).unwrap_or_default()
    }

    /// Watches over what the store says to lookups: of records, which an ACL may keep from us while it shows our own keys.
    fn note(&self, failure: Option<&LookupError>) {
        match failure {
            Some(LookupError::Store(_)) => self.note_failure(failure),
            _ => self.note_answer(),
        }
    }

    /// The same for what is asked beside a record: that it is answered says nothing of the record.
    fn note_failure(&self, failure: Option<&LookupError>) {
        let Some(LookupError::Store(error)) = failure else {
            return;
        };
        // Loading, or failing over: what it pushed before may not be all.
        if error.kind == StoreFault::Unavailable {
            self.servers.lose();
        }
        self.note_refusal(error);
    }

    fn note_refusal(&self, error: &StoreError) {
        if self.refused.swap(true, Ordering::Relaxed) {
            return;
        }
        let detail = &error.detail;
        if error.kind == StoreFault::Auth {
            let records = self.records_pattern();
            let of_hashes = match self.format.hash_fields() {
                Some(_) => " +hmget +hstrlen",
                None => "",
            };
            warn!(
                store = &*self.name,
                "lookups are refused: {detail}; the ACL user needs {records}~sessiongate:* +getrange +pttl +ping{of_hashes}"
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
        self.scribe.get_or_init(|| {
            let (name, servers) = (Arc::clone(&self.name), Arc::clone(&self.servers));
            OwnedTask::spawn(scribe::work(name, servers, Arc::clone(&self.ledger)))
        });
        self.servers.start().await;
    }

    fn watch(&self, sink: Arc<dyn ChangeSink>) {
        self.servers.watch(Arc::new(LedgerSink {
            name: Arc::clone(&self.name),
            ledger: Arc::clone(&self.ledger),
            sink,
        }));
    }

    fn feed(&self) -> Feed {
        self.servers.feed()
    }

    async fn find(
        &self,
        credential: &Credential,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        let Some(template) = &self.key else {
            return Ok(None);
        };
        let key = template.key(credential);
        self.read(&key, credential.digest(), now).await
    }

    fn other_name(&self, credential: &Credential) -> Option<TokenDigest> {
        self.key.as_ref()?.shared_name(credential)
    }

    async fn find_again(
        &self,
        session: &SessionKey,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        self.read(&session.key, session.digest, now).await
    }

    async fn is_revoked(
        &self,
        session: TokenDigest,
        token_id: Option<&str>,
    ) -> Result<bool, LookupError> {
        let announced = self.ledger.revokes(session.sid())
            || token_id.is_some_and(|id| self.ledger.revokes_token(id));
        let question = reply::revoked_question(session, token_id);
        let answer = reply::revoked_answer(self.servers.ask(&question).await?);
        self.note(answer.as_ref().err());
        answer.map(|written| written || announced)
    }

    async fn last_seen(&self, session: TokenDigest) -> Result<Option<UnixMillis>, LookupError> {
        let replies = self.servers.ask(&reply::seen_question(session)).await?;
        let answer = reply::seen_answer(replies);
        self.note_failure(answer.as_ref().err());
        answer
    }

    async fn user(&self, user_id: &str) -> Result<UserMark, LookupError> {
        let announced = self.ledger.not_before(user_id);
        let replies = self.servers.ask(&reply::user_question(user_id)).await?;
        let answer = reply::user_answer(replies);
        self.note_failure(answer.as_ref().err());
        answer.map(|mark| announced.map_or(mark, |not_before| mark.logged_out(not_before)))
    }

    async fn seen(
        &self,
        session: TokenDigest,
        at: UnixMillis,
        keep_until: UnixMillis,
    ) -> Result<(), StoreError> {
        let keep_ms = at.until(keep_until).as_millis().max(1);
        let mut write = redis::pipe();
        let set = write.cmd("SET").arg(own_keys::seen(session)).arg(at.0);
        set.arg("PX")
            .arg(u64::try_from(keep_ms).unwrap_or(u64::MAX));
        scribe::accepted(self.servers.ask(&write).await?)
    }

    /// Whoever comes may show anything: what is no session is neither written down nor deleted.
    async fn end(&self, credential: &Credential) -> Result<(), StoreError> {
        let Some(template) = &self.key else {
            return Ok(());
        };
        let key = template.key(credential);
        match self.read(&key, credential.digest(), Now::read()).await {
            Ok(Some(_)) => {}
            Ok(None) | Err(LookupError::Broken(_) | LookupError::Without(_)) => {
                self.servers.changed(key.as_bytes());
                return Ok(());
            }
            Err(LookupError::Store(failure)) => return Err(failure),
        }
        let revocation = Revocation::Session(credential.digest().sid());
        // First what holds whatever becomes of the rest; told last, when every node that asks is told the truth.
        scribe::write(&self.servers, &revocation).await?;
        let revoked = own_keys::revoked_session(credential.digest().sid());
        self.servers.changed(revoked.as_bytes());
        let mut delete = redis::pipe();
        delete.cmd("DEL").arg(key);
        scribe::accepted(self.servers.ask(&delete).await?)?;
        self.announce(&revocation).await
    }

    fn is_up(&self) -> bool {
        self.servers.is_up()
    }

    fn servers(&self) -> Vec<ServerState> {
        self.servers.states()
    }
}

#[cfg(test)]
mod tests {
    use super::{RedisStore, SessionStore};
    use crate::clock::{Now, UnixMillis};
    use crate::store::redis::test_server::TestServer;
    use crate::store::revocation::Revocation;
    use crate::token::{Credential, TokenDigest};

    /// The reply of a lookup and that of the write may come together, and the write's be dealt with first.
    #[tokio::test]
    async fn what_is_written_down_while_the_store_is_asked_counts_for_that_answer() {
        let server = TestServer::start().await;
        server.say(["SET", "session:t", r#"{"v":1,"user_id":"u"}"#]);
        let store = RedisStore::open("web", &server.settings()).expect("good settings");
        store.servers.start().await;
        let session = Revocation::Session(TokenDigest::of("t").sid());
        let user = Revocation::User {
            id: "u".to_owned(),
            not_before: Some(UnixMillis(5)),
        };
        for revocation in [&session, &user] {
            store.ledger.add(revocation.clone());
        }
        let credential = Credential::new("t");
        let (found, ()) = tokio::join!(store.find(&credential, Now::read()), async {
            store.ledger.settle(&session);
        });
        let found = found.expect("an answer").expect("a record");
        assert!(found.is_revoked);
        let (mark, ()) = tokio::join!(store.user("u"), async {
            store.ledger.settle(&user);
        });
        assert_eq!(mark.expect("an answer").not_before, Some(UnixMillis(5)));
    }
}
