//! Servers that push nothing, or not for now: lookups go on, and the operator is told once why and what to do.

use super::test_log::Log;
use super::test_server::{TestServer, until};
use super::test_sink::{Fate, Watched};
use crate::store::contract::SessionStore;
use crate::store::feed::FeedMode;
use crate::store::settings::{Invalidation, RedisSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tracing::subscriber::set_default;

#[tokio::test]
async fn a_store_that_is_not_to_track_says_so_and_tells_nothing() {
    let server = TestServer::start().await;
    let settings = RedisSettings {
        invalidation: Invalidation::None,
        ..server.settings()
    };
    let watched = Watched::open(&settings);
    watched.settle().await;
    server.command("SET session:t a");
    watched.settle().await;
    assert_eq!(mode(&watched), "`cache.invalidation` is `none`");
    let heard = watched.heard.take();
    assert!(heard.changes.is_empty() && heard.fate.is_empty() && heard.lags.is_empty());
}

#[tokio::test]
async fn a_user_who_may_not_track_is_served_and_told_until_the_acl_allows_it() {
    let server = TestServer::start().await;
    let log = Log::default();
    let _capturing = set_default(log.subscriber());
    server.command("ACL SETUSER gate on >pw ~session:* ~sessiongate:user:* ~sessiongate:revoked:* ~sessiongate:seen:* +getrange +pttl +ping");
    let watched = Watched::open(&server.settings_of("gate", "pw"));
    watched.settle().await;
    assert!(mode(&watched).contains("+client|tracking"));
    assert_eq!(watched.heard.take_fate(), []);
    reconnect(&server, &watched).await;
    assert_eq!(
        count(&log, "changes are not told: NOPERM"),
        1,
        "{}",
        log.text()
    );

    server.command("ACL SETUSER gate +client|tracking ~sessiongate:canary:* +set +del");
    reconnect(&server, &watched).await;
    assert_eq!(watched.store.feed().mode, FeedMode::Tracking);
    assert_eq!(watched.heard.take_fate(), [Fate::Lost, Fate::Restored]);
    assert_eq!(count(&log, "changes are told again"), 1, "{}", log.text());
}

#[tokio::test]
async fn without_the_right_to_write_a_canary_pushes_are_trusted_unmeasured() {
    let server = TestServer::start().await;
    let log = Log::default();
    let _capturing = set_default(log.subscriber());
    server.command("ACL SETUSER gate on >pw ~session:* ~sessiongate:user:* ~sessiongate:revoked:* ~sessiongate:seen:* +getrange +pttl +ping +client|tracking");
    let watched = Watched::vouching(&server.settings_of("gate", "pw")).await;
    server.command("SET session:t a");
    watched.settle().await;
    assert!(watched.heard.take_changes("t") > 0);
    reconnect(&server, &watched).await;
    let heard = watched.heard.take();
    assert_eq!(heard.fate, [Fate::Lost, Fate::Lost, Fate::Restored]);
    assert!(heard.lags.is_empty(), "{:?}", heard.lags);
    let words = "~sessiongate:canary:* +set +del";
    assert_eq!(count(&log, words), 1, "{}", log.text());
    server.signal("STOP");
    until("a PING without answer", async || {
        watched.heard.take_fate() == [Fate::Lost]
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_full_still_pushes() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    server.command("SET session:t a");
    server.command("CONFIG SET maxmemory 1");
    until("the canary is refused", async || {
        server.command("INFO errorstats").contains("errorstat_OOM")
    })
    .await;
    watched.settle().await;
    watched.heard.take_changes("t");
    server.command("DEL session:t");
    watched.settle().await;
    assert!(watched.heard.take_changes("t") > 0);
    assert_eq!(watched.heard.take_fate(), []);
}

#[tokio::test]
async fn a_server_that_becomes_a_replica_vouches_no_longer_until_it_is_a_master_again() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    // Of a master that is not there.
    server.command("REPLICAOF 127.0.0.1 1");
    until("a replica is found out", async || {
        mode(&watched).starts_with("READONLY")
    })
    .await;
    assert_eq!(watched.heard.take_fate(), [Fate::Lost]);
    watched.settle().await;
    server.command("REPLICAOF NO ONE");
    watched.until_vouching().await;
    assert_eq!(watched.heard.take_fate(), [Fate::Lost, Fate::Restored]);
}

#[tokio::test]
async fn a_lookup_that_is_refused_for_now_ends_the_trust_at_once() {
    let server = TestServer::start().await;
    let watched = Watched::vouching(&server.settings()).await;
    server.command("CONFIG SET replica-serve-stale-data no");
    server.command("REPLICAOF 127.0.0.1 1");
    assert!(!watched.answers("t").await, "MASTERDOWN");
    assert!(!watched.store.feed().vouching);
    assert_eq!(watched.heard.take_fate(), [Fate::Lost]);
    server.command("REPLICAOF NO ONE");
    watched.until_vouching().await;
}

#[tokio::test]
async fn a_server_that_speaks_resp2_only_is_served_by_ttl() {
    let mut server = TestServer::prepare();
    server.options(&["--rename-command", "HELLO", "GREET"]);
    server.run().await;
    let watched = Watched::open(&server.settings());
    watched.settle().await;
    assert!(mode(&watched).contains("RESP2"), "{}", mode(&watched));
    assert_eq!(watched.heard.take_fate(), []);
}

#[tokio::test]
async fn a_server_that_agrees_and_then_pushes_nothing_is_found_out() {
    let scratch = TestServer::prepare();
    let listener = UnixListener::bind(scratch.dir().join("redis.sock")).expect("a free path");
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        agree_to_everything(stream).await;
    });
    let watched = Watched::open(&scratch.settings());
    watched.settle().await;
    assert!(mode(&watched).contains("not pushed within a second"));
    assert_eq!(watched.heard.take_fate(), []);
    server.abort();
}

async fn agree_to_everything(mut stream: UnixStream) {
    const REPLIES: [(&str, &str); 5] = [
        ("HELLO", "%0\r\n+OK\r\n+OK\r\n"),
        ("TRACKING", "+OK\r\n"),
        (
            "SUBSCRIBE",
            ">3\r\n$9\r\nsubscribe\r\n$18\r\nsessiongate:events\r\n:1\r\n",
        ),
        ("GETRANGE", "$0\r\n\r\n:-2\r\n$0\r\n\r\n"),
        ("SET", "+OK\r\n:1\r\n"),
    ];
    let mut bytes = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
        let heard = String::from_utf8_lossy(&bytes[..length]);
        let reply = REPLIES.iter().find(|(word, _)| heard.contains(word));
        let (_, reply) = reply.expect("a known command");
        stream.write_all(reply.as_bytes()).await.expect("open");
    }
}

async fn reconnect(server: &TestServer, watched: &Watched) {
    server.command("CLIENT KILL SKIPME yes");
    until("a lookup is answered", async || watched.answers("t").await).await;
}

/// Why nothing is pushed.
fn mode(watched: &Watched) -> String {
    match watched.store.feed().mode {
        FeedMode::None(reason) => reason.into_owned(),
        told => told.as_str().to_owned(),
    }
}

fn count(log: &Log, words: &str) -> usize {
    log.text().matches(words).count()
}
