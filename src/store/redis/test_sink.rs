//! A sink that writes down what it hears, and a store that it listens to, for this room's tests.

use super::sessions::RedisStore;
use super::test_server::until;
use crate::clock::Now;
use crate::store::contract::{LookupError, SessionStore};
use crate::store::feed::{Change, ChangeSink};
use crate::store::message::Message;
use crate::store::revocation::{NotARevocation, Revocation};
use crate::store::settings::RedisSettings;
use crate::token::{Credential, TokenDigest};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What became of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Fate {
    Lost,
    Restored,
}

/// Everything heard.
#[derive(Debug, Default)]
pub(in crate::store) struct Notes {
    pub(in crate::store) changes: Vec<TokenDigest>,
    pub(in crate::store) names: Vec<String>,
    pub(in crate::store) messages: Vec<Result<Revocation, NotARevocation>>,
    pub(in crate::store) fate: Vec<Fate>,
    pub(in crate::store) lags: Vec<Duration>,
}

/// Writes it down.
#[derive(Default)]
pub(in crate::store) struct Recorder(Mutex<Notes>);

impl Recorder {
    /// What was heard since the last look.
    pub(in crate::store) fn take(&self) -> Notes {
        self.note(mem::take)
    }

    /// How often this session was said to have changed, since the last look.
    pub(in crate::store) fn take_changes(&self, token: &str) -> usize {
        let changes = self.note(|notes| mem::take(&mut notes.changes));
        let of = TokenDigest::of(token);
        changes.iter().filter(|change| **change == of).count()
    }

    /// What became of the feed since the last look.
    pub(in crate::store) fn take_fate(&self) -> Vec<Fate> {
        self.note(|notes| mem::take(&mut notes.fate))
    }

    fn note<T>(&self, note: impl FnOnce(&mut Notes) -> T) -> T {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ChangeSink for Recorder {
    fn changed(&self, change: Change<'_>) {
        self.note(|notes| match change {
            Change::Session(session) | Change::Shared(session) => notes.changes.push(session),
            Change::Touched(session) => notes.changes.push(session.digest),
            Change::User(name) | Change::Revoked(name) => notes.names.push(name.to_owned()),
        });
    }

    fn message(&self, message: &Message) {
        self.note(|notes| notes.messages.push(message.meaning.clone()));
    }

    fn lost(&self) {
        self.note(|notes| notes.fate.push(Fate::Lost));
    }

    fn restored(&self) {
        self.note(|notes| notes.fate.push(Fate::Restored));
    }

    fn lag(&self, lag: Duration) {
        self.note(|notes| notes.lags.push(lag));
    }
}

/// A store with its listener.
pub(in crate::store) struct Watched {
    pub(in crate::store) store: RedisStore,
    pub(in crate::store) heard: Arc<Recorder>,
}

impl Watched {
    /// Listens before the first connection.
    pub(in crate::store) fn open(settings: &RedisSettings) -> Self {
        let store = RedisStore::open("web", settings).expect("good settings");
        let heard = Arc::new(Recorder::default());
        store.watch(heard.clone());
        Self { store, heard }
    }

    /// Connected and vouching; what was heard until then is forgotten.
    pub(in crate::store) async fn vouching(settings: &RedisSettings) -> Self {
        let watched = Self::open(settings);
        watched.settle().await;
        assert_eq!(watched.heard.take_fate(), [Fate::Lost, Fate::Restored]);
        watched
    }

    /// Waits for one answer: by then every push of what was written before has been heard.
    pub(in crate::store) async fn settle(&self) {
        assert!(self.answers("settle").await, "the store answers");
    }

    /// Whether the store says what lies under the key, be it nothing or garbage.
    pub(in crate::store) async fn answers(&self, token: &str) -> bool {
        let found = self.store.find(&Credential::new(token), Now::read()).await;
        !matches!(found, Err(LookupError::Store(_)))
    }

    /// Polls until it vouches.
    pub(in crate::store) async fn until_vouching(&self) {
        until("the feed vouches", async || self.store.feed().vouching).await;
    }
}
