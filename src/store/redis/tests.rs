//! The store against a real redis-server: good, broken, refused, gone, frozen, and back.

use super::sessions::RedisStore;
use super::test_server::{TestServer, until};
use crate::clock::Now;
use crate::formats::handle::Handle;
use crate::store::contract::{LookupError, SessionStore, StoreFault};
use crate::store::foreign::{Field, FieldMap, FieldPath, ForeignFormat, RecordFormat, Shape};
use crate::store::session::StoredSession;
use crate::store::settings::RedisSettings;
use crate::token::Credential;
use std::time::Duration;
use tokio::time::timeout;

const RECORD: &str = r#"{"v":1,"user_id":"u-1"}"#;

#[tokio::test]
async fn a_session_is_found_with_the_end_of_its_key() {
    let server = TestServer::start().await;
    let store = store(&server.settings());
    server.say(["SET", "session:endless", RECORD]);
    server.say(["SET", "session:short", RECORD, "PX", "60000"]);
    let before = Now::read();
    let cases = [("endless", None), ("short", Some(60_000))];
    for (token, life_ms) in cases {
        let found = find(&store, token).await.expect(token).expect(token);
        assert_eq!(found.session.user_id, "u-1", "{token}");
        let end = found.store_expires_at;
        assert_eq!(end.is_some(), life_ms.is_some(), "{token}");
        if let (Some(end), Some(life_ms)) = (end, life_ms) {
            let left = before.wall.until(end);
            assert!(left <= Duration::from_millis(life_ms + 1), "{left:?}");
            assert!(left > Duration::from_millis(life_ms / 2), "{left:?}");
        }
    }
    assert_eq!(find(&store, "unknown").await.expect("an answer"), None);
    assert!(store.is_up());
}

#[tokio::test]
async fn the_configured_database_is_read() {
    let server = TestServer::start().await;
    server.say(["SET", "session:t", RECORD]);
    let settings = RedisSettings {
        db: 7,
        ..server.settings()
    };
    let other = store(&settings);
    assert_eq!(find(&other, "t").await.expect("an answer"), None);
    server.say(["MOVE", "session:t", "7"]);
    assert!(find(&other, "t").await.expect("an answer").is_some());
    let beyond = RedisSettings { db: 99, ..settings };
    assert_eq!(fault(&store(&beyond)).await, Some(StoreFault::Unavailable));
}

#[tokio::test]
async fn a_broken_record_says_what_is_wrong() {
    let server = TestServer::start().await;
    let store = store(&server.settings());
    server.say(["RPUSH", "session:list", "x"]);
    server.say(["SET", "session:text", "hello"]);
    server.say(["SET", "session:empty", ""]);
    server.say(["SET", "session:control", r#"{"v":1,"user_id":"a\n"}"#]);
    server.say(["SET", "session:large", &"x".repeat(17 * 1024)]);
    server.say([
        "SETRANGE",
        "session:huge",
        &(64 * 1024 * 1024).to_string(),
        "x",
    ]);
    let cases = [
        ("list", "record", "of another kind"),
        ("text", "record", "not strict JSON"),
        ("empty", "record", "empty"),
        ("control", "user_id", "visible ASCII"),
        ("large", "record", "larger than 16 KiB"),
        ("huge", "record", "larger than 16 KiB"),
    ];
    for (token, field, words) in cases {
        match find(&store, token).await {
            Err(LookupError::Broken(broken)) => {
                assert_eq!(broken.field, field, "{token}");
                assert!(broken.fault.contains(words), "{token}: {broken}");
            }
            other => panic!("{token}: {other:?}"),
        }
    }
    server.say(["SET", "session:good", RECORD]);
    assert!(find(&store, "good").await.expect("an answer").is_some());
}

#[tokio::test]
async fn a_hash_is_measured_before_it_is_read() {
    let server = TestServer::start().await;
    let mut map = FieldMap::default();
    let path = FieldPath::parse("attrs.user_id").expect("a path");
    map.set(Field::UserId, path);
    let store = store(&RedisSettings {
        format: RecordFormat::Foreign(Box::new(ForeignFormat {
            name: "spring_session",
            handle: Handle::default(),
            shape: Shape::SpringHash,
            map,
            idle: None,
            lifetime: None,
            token_hash: None,
        })),
        ..server.settings()
    });
    let user = ["sessionAttr:user_id", "\"u-1\""];
    server.say(["HSET", "session:good", user[0], user[1]]);
    let large = "x".repeat(1024 * 1024);
    server.say(["HSET", "session:large", user[0], user[1]]);
    server.say(["HSET", "session:large", "creationTime", &large]);
    server.say(["HSET", "session:beside", user[0], user[1], "other", &large]);
    server.say(["SET", "session:text", "x"]);
    for token in ["good", "beside"] {
        let found = find(&store, token).await.expect(token).expect(token);
        assert_eq!(found.session.user_id, "u-1", "{token}");
    }
    assert_eq!(find(&store, "unknown").await.expect("an answer"), None);
    let sent = |server: &TestServer| {
        let stats = server.command("INFO stats");
        let (_, rest) = stats
            .split_once("total_net_output_bytes:")
            .expect("counted");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().expect("a number")
    };
    let before = sent(&server);
    for (token, words) in [("large", "larger than 64 KiB"), ("text", "of another kind")] {
        match find(&store, token).await {
            Err(LookupError::Broken(broken)) => {
                assert!(broken.fault.contains(words), "{token}: {broken}");
            }
            other => panic!("{token}: {other:?}"),
        }
    }
    assert!(sent(&server) - before < large.len(), "it was not sent");
}

#[tokio::test]
async fn a_refused_login_or_command_is_an_auth_fault() {
    let server = TestServer::start().await;
    server.say(["SET", "session:t", RECORD]);
    let users = [
        ("good", "~session:*", "+pttl"),
        ("no-ttl", "~session:*", "-pttl"),
        ("no-keys", "~other:*", "+pttl"),
    ];
    for (user, keys, pttl) in users {
        server.say([
            "ACL",
            "SETUSER",
            user,
            "on",
            ">right",
            keys,
            "~sessiongate:*",
            "+ping",
            "+getrange",
            pttl,
        ]);
    }
    let good = store(&server.settings_of("good", "right"));
    assert!(find(&good, "t").await.expect("an answer").is_some());
    let cases = [
        ("good", "wrong"),
        ("nobody", "right"),
        ("no-ttl", "right"),
        ("no-keys", "right"),
    ];
    for (username, password) in cases {
        let refused = store(&server.settings_of(username, password));
        assert_eq!(
            fault(&refused).await,
            Some(StoreFault::Auth),
            "{username} {password}"
        );
    }
    server.say(["CONFIG", "SET", "requirepass", "right"]);
    let without_password = store(&server.settings());
    assert_eq!(fault(&without_password).await, Some(StoreFault::Auth));
}

#[tokio::test]
async fn a_server_that_comes_late_or_dies_is_used_again_once_it_is_back() {
    let mut server = TestServer::prepare();
    let store = store(&server.settings());
    assert_eq!(fault(&store).await, Some(StoreFault::Io), "not there yet");
    server.run().await;
    until("the late server answers", async || {
        find(&store, "t").await.is_ok()
    })
    .await;

    server.kill();
    until("the end is noticed", async || !store.is_up()).await;
    assert_eq!(fault(&store).await, Some(StoreFault::Io), "killed");

    server.run().await;
    server.say(["SET", "session:t", RECORD]);
    until("the restarted server answers", async || {
        matches!(find(&store, "t").await, Ok(Some(_)))
    })
    .await;
}

#[tokio::test]
async fn a_frozen_server_is_a_timeout_and_then_down() {
    let server = TestServer::start().await;
    let settings = RedisSettings {
        connect_timeout: Duration::from_millis(200),
        reply_timeout: Duration::from_millis(200),
        ..server.settings()
    };
    let store = store(&settings);
    assert_eq!(fault(&store).await, None);
    server.signal("STOP");
    assert_eq!(fault(&store).await, Some(StoreFault::Timeout));
    until("the unanswered PING is noticed", async || !store.is_up()).await;
    assert_eq!(fault(&store).await, Some(StoreFault::Timeout));
    server.signal("CONT");
    until("the server answers again", async || {
        fault(&store).await.is_none()
    })
    .await;
}

#[tokio::test]
async fn dropping_the_store_closes_its_connection() {
    let server = TestServer::start().await;
    let store = store(&server.settings());
    assert_eq!(fault(&store).await, None);
    let connected = || server.say(["CLIENT", "LIST"]).contains("resp=3");
    assert!(
        connected(),
        "the administrator speaks RESP2, the store RESP3"
    );
    drop(store);
    until("the connection is closed", async || !connected()).await;
}

#[test]
fn a_store_whose_runtime_is_gone_says_so_instead_of_hanging() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let first = runtime();
    let server = first.block_on(TestServer::start());
    let store = store(&server.settings());
    assert_eq!(first.block_on(fault(&store)), None);
    drop(first);
    assert!(!store.is_up());
    assert_eq!(runtime().block_on(fault(&store)), Some(StoreFault::Io));
}

fn store(settings: &RedisSettings) -> RedisStore {
    RedisStore::open("test", settings).expect("good settings")
}

/// Every lookup ends long before the sixty seconds that the settings allow: being down is an error at once.
async fn find(store: &RedisStore, token: &str) -> Result<Option<StoredSession>, LookupError> {
    let credential = Credential::new(token);
    let found = timeout(
        Duration::from_secs(10),
        store.find(&credential, Now::read()),
    );
    found.await.expect("an answer or an error in time")
}

async fn fault(store: &RedisStore) -> Option<StoreFault> {
    match find(store, "t").await {
        Err(LookupError::Store(error)) => Some(error.kind),
        _ => None,
    }
}
