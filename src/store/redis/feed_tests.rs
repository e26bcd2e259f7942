//! What a real redis-server pushes, and what the sink hears of it and of the connection's fate.

use super::sessions::RedisStore;
use super::test_server::{TestServer, until};
use super::test_sink::{Fate, Watched};
use crate::clock::Now;
use crate::store::contract::SessionStore;
use crate::store::feed::{Change, ChangeSink, FeedMode};
use crate::store::message::Message;
use crate::store::settings::RedisSettings;
use crate::token::Credential;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What is under `session:t` before, the write of another client, and whether it is told as a change of that session.
const WRITES: [(&str, &str, &str, bool); 21] = [
    ("DEL", "SET session:t a", "DEL session:t", true),
    ("UNLINK", "SET session:t a", "UNLINK session:t", true),
    ("RENAME away", "SET session:t a", "RENAME session:t y", true),
    ("RENAME here", "SET session:t a", "RENAME x session:t", true),
    ("COPY here", "TOUCH x", "COPY x session:t", true),
    ("SET", "SET session:t a", "SET session:t b", true),
    ("SETEX", "SET session:t a", "SETEX session:t 9 b", true),
    (
        "login after absence",
        "GET session:t",
        "SETNX session:t a",
        true,
    ),
    ("the same value", "SET session:t a", "SET session:t a", true),
    ("EXPIRE", "SET session:t a", "EXPIRE session:t 9", true),
    ("PERSIST", "SETEX session:t 9 a", "PERSIST session:t", true),
    ("GETEX EX", "SET session:t a", "GETEX session:t EX 9", true),
    ("APPEND", "SET session:t a", "APPEND session:t b", true),
    ("HSET", "TOUCH x", "HSET session:t f v", true),
    (
        "HSET of the same",
        "HSET session:t f v",
        "HSET session:t f v",
        true,
    ),
    (
        "DEBUG-free MOVE",
        "SET session:t a",
        "MOVE session:t 9",
        true,
    ),
    ("TOUCH", "SET session:t a", "TOUCH session:t", false),
    ("a read", "SET session:t a", "GET session:t", false),
    ("DEL of nothing", "TOUCH x", "DEL session:t", false),
    ("another session", "TOUCH x", "SET session:other a", false),
    ("another prefix", "TOUCH x", "SET sessions:t a", false),
];

/// Asks the store at the very moment in which the feed is back.
#[derive(Default)]
struct Eager {
    store: OnceLock<Weak<RedisStore>>,
    answers: Mutex<Vec<bool>>,
}

impl ChangeSink for Eager {
    fn changed(&self, _: Change<'_>) {}
    fn message(&self, _: &Message) {}
    fn lost(&self) {}
    fn lag(&self, _: Duration) {}

    fn restored(&self) {
        let store = self.store.get().and_then(Weak::upgrade).expect("open");
        let credential = Credential::new("t");
        let mut asking = store.find(&credential, Now::read());
        let mut context = Context::from_waker(Waker::noop());
        let is_refused = matches!(asking.as_mut().poll(&mut context), Poll::Ready(Err(_)));
        self.answers.lock().expect("no panic").push(is_refused);
    }
}

#[tokio::test]
async fn nobody_is_refused_at_the_moment_in_which_the_feed_is_back() {
    let mut server = TestServer::start().await;
    let store = Arc::new(RedisStore::open("web", &server.settings()).expect("good settings"));
    let eager = Arc::new(Eager::default());
    assert!(eager.store.set(Arc::downgrade(&store)).is_ok());
    store.watch(eager.clone());
    store.start().await;
    until("the feed vouches", async || store.feed().vouching).await;
    server.kill();
    until("the feed is lost", async || !store.feed().vouching).await;
    server.run().await;
    until("the feed vouches again", async || store.feed().vouching).await;
    let answers = eager.answers.lock().expect("no panic").clone();
    assert_eq!(
        answers,
        [false, false],
        "known sessions are not served then"
    );
}

#[tokio::test]
async fn every_write_of_a_record_is_told_and_no_read() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    for (name, before, write, told) in WRITES {
        for command in ["DEL session:t", "SET x a", before] {
            server.command(command);
        }
        watched.settle().await;
        watched.heard.take();
        server.command(write);
        watched.settle().await;
        let changes = watched.heard.take_changes("t");
        assert_eq!(changes > 0, told, "{name}: {changes} changes");
    }
    assert_eq!(watched.heard.take_fate(), []);
}

#[tokio::test]
async fn the_end_of_a_record_is_told() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    server.command("SET session:t a PX 200");
    watched.settle().await;
    watched.heard.take();
    until("the end is told", async || {
        watched.heard.take_changes("t") > 0
    })
    .await;
}

#[tokio::test]
async fn an_eviction_is_told() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    server.command("SET session:t a");
    watched.settle().await;
    watched.heard.take();
    server.command("CONFIG SET maxmemory-policy allkeys-lru maxmemory 1");
    // The next command of anybody evicts.
    until("the eviction is told", async || {
        watched.answers("other").await && watched.heard.take_changes("t") > 0
    })
    .await;
}

#[tokio::test]
async fn a_name_in_another_database_is_told_though_falsely() {
    let server = TestServer::start().await;
    let settings = RedisSettings {
        db: 7,
        ..server.settings()
    };
    let watched = Watched::vouching(&settings).await;
    server.command("SET session:t a");
    watched.settle().await;
    assert!(watched.heard.take_changes("t") > 0);
}

#[tokio::test]
async fn a_flush_is_a_loss_and_a_new_beginning() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    for flush in ["FLUSHDB", "FLUSHALL", "FLUSHALL ASYNC"] {
        server.command(flush);
        watched.settle().await;
        let fate = watched.heard.take_fate();
        assert_eq!(fate, [Fate::Lost, Fate::Restored], "{flush}");
        assert!(watched.store.feed().vouching, "{flush}");
    }
}

#[tokio::test]
async fn a_change_is_told_before_any_answer_that_was_asked_for_after_it() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    for round in 0..100 {
        for write in ["SET session:t a", "DEL session:t"] {
            server.command(write);
            assert!(watched.answers("t").await);
            assert!(watched.heard.take_changes("t") > 0, "{write}, {round}");
        }
    }
}

#[tokio::test]
async fn a_killed_connection_is_lost_at_once_and_restored_before_any_later_answer() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    for round in 0..4 {
        server.command("CLIENT KILL SKIPME yes");
        until("a lookup is answered", async || watched.answers("t").await).await;
        let fate = watched.heard.take_fate();
        let expected = [Fate::Lost, Fate::Lost, Fate::Restored];
        assert_eq!(fate, expected, "round {round}");
        server.command("SET session:t a");
        watched.settle().await;
        assert!(watched.heard.take_changes("t") > 0, "round {round}");
    }
}

#[tokio::test]
async fn a_server_that_goes_away_and_comes_back_vouches_anew() {
    let mut server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    server.kill();
    until("the end is told", async || {
        watched.heard.take_fate() == [Fate::Lost]
    })
    .await;
    assert!(!watched.store.feed().vouching);
    assert_eq!(watched.store.feed().mode, FeedMode::Tracking);
    server.run().await;
    watched.until_vouching().await;
    assert_eq!(watched.heard.take_fate(), [Fate::Lost, Fate::Restored]);
}

#[tokio::test]
async fn a_frozen_server_is_lost_by_the_silence_of_the_canary() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    server.signal("STOP");
    // A reply may take sixty seconds by these settings: only the canary can tell.
    until("the silence is told", async || {
        watched.heard.take_fate() == [Fate::Lost]
    })
    .await;
    assert!(!watched.store.is_up() && !watched.store.feed().vouching);
    server.signal("CONT");
    watched.until_vouching().await;
}

#[tokio::test]
async fn the_canary_measures_its_way_each_second_and_leaves_nothing() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    let mut lags = Vec::new();
    until("three rounds", async || {
        lags.extend(watched.heard.take().lags);
        lags.len() >= 3
    })
    .await;
    for lag in lags {
        assert!(
            Duration::ZERO < lag && lag < Duration::from_secs(1),
            "{lag:?}"
        );
    }
    assert_eq!(server.command("DBSIZE"), "int(0)");
}

#[tokio::test]
async fn a_dropped_store_takes_its_trust_with_it() {
    let server = TestServer::start().await;
    let Watched { store, heard } = Watched::vouching(&server.settings()).await;
    drop(store);
    until("the end is told", async || {
        heard.take_fate() == [Fate::Lost]
    })
    .await;
    until("the sink is let go", async || {
        Arc::strong_count(&heard) == 1
    })
    .await;
}
