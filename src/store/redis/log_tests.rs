//! What an operator reads: each outage and each refusal once, with its remedy, and its end.

use super::sessions::RedisStore;
use super::test_log::Log;
use super::test_server::{TestServer, until};
use crate::clock::Now;
use crate::store::contract::SessionStore;
use crate::token::{Credential, TokenDigest};
use tracing::subscriber::set_default;

#[tokio::test]
async fn an_outage_is_told_once_and_so_is_its_end() {
    let log = Log::default();
    let _capturing = set_default(log.subscriber());
    let mut server = TestServer::prepare();
    let store = RedisStore::open("web", &server.settings()).expect("good settings");
    for _ in 0..3 {
        assert!(find(&store).await.is_err());
    }
    server.run().await;
    until("it answers", async || store.is_up()).await;
    server.kill();
    until("the end is noticed", async || !store.is_up()).await;
    server.run().await;
    until("it answers again", async || store.is_up()).await;
    let text = log.text();
    for words in ["cannot reach unix://", "after an outage of"] {
        assert_eq!(text.matches(words).count(), 2, "{words} in {text}");
    }
}

#[tokio::test]
async fn a_refused_command_names_the_acl_rule_that_lacks() {
    let server = TestServer::start().await;
    let log = Log::default();
    let _capturing = set_default(log.subscriber());
    server.say(["ACL", "SETUSER", "gate", "on", ">hunter2", "+ping"]);
    let settings = server.settings_of("gate", "hunter2");
    let store = RedisStore::open("web", &settings).expect("good settings");
    for _ in 0..3 {
        assert!(find(&store).await.is_err());
    }
    server.say([
        "ACL",
        "SETUSER",
        "gate",
        "~session:*",
        "~sessiongate:*",
        "+getrange",
        "+pttl",
    ]);
    assert!(find(&store).await.is_ok());
    let text = log.text();
    assert_eq!(
        text.matches("lookups are refused: NOPERM").count(),
        1,
        "{text}"
    );
    assert_eq!(
        text.matches("~session:* ~sessiongate:* +getrange +pttl")
            .count(),
        1,
        "{text}"
    );
    assert_eq!(text.matches("answered again").count(), 1, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

/// Our own keys may be shown while the records are not: that is no end of a refusal.
#[tokio::test]
async fn what_is_asked_beside_a_record_does_not_end_its_refusal() {
    let server = TestServer::start().await;
    let log = Log::default();
    let _capturing = set_default(log.subscriber());
    server.command("ACL SETUSER gate on >hunter2 ~sessiongate:* +getrange +pttl +ping");
    let settings = server.settings_of("gate", "hunter2");
    let store = RedisStore::open("web", &settings).expect("good settings");
    for _ in 0..3 {
        assert!(find(&store).await.is_err());
        assert!(store.last_seen(TokenDigest::of("t")).await.is_ok());
        assert!(store.user("u").await.is_ok());
    }
    let text = log.text();
    assert_eq!(text.matches("lookups are refused").count(), 1, "{text}");
    assert_eq!(text.matches("answered again").count(), 0, "{text}");
}

async fn find(store: &RedisStore) -> Result<(), ()> {
    let found = store.find(&Credential::new("t"), Now::read()).await;
    found.map(|_| ()).map_err(|_| ())
}
