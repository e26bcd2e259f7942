//! Sentinels that say what the test wants, of real servers.

use super::sessions::RedisStore;
use super::test_server::{TestServer, free_port, until};
use crate::clock::Now;
use crate::store::contract::{LookupError, ServerState, SessionStore, StoreFault};
use crate::store::settings::{RedisNode, RedisServers, RedisSettings, SentinelSettings};
use crate::token::Credential;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn the_newest_configuration_that_a_majority_knows_is_followed_and_no_older_one_after_it() {
    let (old, new) = (Server::start().await, Server::start().await);
    let office = [
        Sentinel::open().await,
        Sentinel::open().await,
        Sentinel::open().await,
    ];
    office[0].say(&old, 1);
    office[1].say(&new, 2);
    office[2].say(&new, 2);
    let store = store(&new, &office);
    assert_eq!(answer(&store).await, None);
    assert_eq!(store.servers(), [new.state(true)]);
    // All that is left is one that was cut off.
    office[1].fall_silent();
    office[2].fall_silent();
    let asked = office[0].count();
    until("it was asked again", async || office[0].count() > asked + 1).await;
    assert_eq!(store.servers(), [new.state(true)]);
    office[0].say(&old, 3);
    until("a newer word is followed", async || {
        store.servers() == [old.state(true)]
    })
    .await;
    assert_eq!(answer(&store).await, None);
}

#[tokio::test]
async fn a_server_that_is_no_master_is_refused_until_it_is_one() {
    let server = Server::start().await;
    server.redis.command("REPLICAOF 127.0.0.1 1");
    let office = [Sentinel::open().await];
    office[0].say(&server, 1);
    let store = store(&server, &office);
    assert_eq!(answer(&store).await, Some(StoreFault::Unavailable));
    assert!(!store.is_up());
    server.redis.command("REPLICAOF NO ONE");
    until("it is a master", async || answer(&store).await.is_none()).await;
}

#[tokio::test]
async fn a_user_needs_the_right_to_ask_for_the_role() {
    let server = Server::start().await;
    let rights =
        "~session:* ~sessiongate:canary:* +getrange +pttl +ping +client|tracking +set +del";
    server
        .redis
        .command(&format!("ACL SETUSER gate on >pw {rights}"));
    let office = [Sentinel::open().await];
    office[0].say(&server, 1);
    let settings = server.redis.settings_of("gate", "pw");
    let store = store_as(settings, &office);
    match store.find(&Credential::new("t"), Now::read()).await {
        Err(LookupError::Store(error)) => assert!(error.detail.contains("+role"), "{error}"),
        other => panic!("{other:?}"),
    }
    server.redis.command("ACL SETUSER gate +role");
    until("it is enough", async || answer(&store).await.is_none()).await;
    until("it vouches", async || store.feed().vouching).await;
}

#[tokio::test]
async fn sentinels_that_know_no_master_or_talk_nonsense_are_a_fault_and_then_believed() {
    let server = Server::start().await;
    let office = [Sentinel::open().await];
    let store = store(&server, &office);
    for nonsense in [
        "*-1\r\n-ERR No such master with that name\r\n",
        ":1\r\n:2\r\n",
        "$-1\r\n%0\r\n",
    ] {
        office[0].set(nonsense.to_owned());
        assert_eq!(
            answer(&store).await,
            Some(StoreFault::Unavailable),
            "{nonsense}"
        );
    }
    office[0].say(&server, 1);
    until("it is believed", async || answer(&store).await.is_none()).await;
}

fn store(server: &Server, office: &[Sentinel]) -> RedisStore {
    store_as(server.redis.settings(), office)
}

fn store_as(settings: RedisSettings, office: &[Sentinel]) -> RedisStore {
    let node = |port| RedisNode {
        host: "127.0.0.1".to_owned(),
        port,
    };
    let settings = RedisSettings {
        servers: RedisServers::Sentinel(Box::new(SentinelSettings {
            master: "m".to_owned(),
            nodes: office.iter().map(|sentinel| node(sentinel.port)).collect(),
            username: None,
            password: None,
            tls: None,
        })),
        ..settings
    };
    RedisStore::open("web", &settings).expect("good settings")
}

/// Why a lookup was not answered.
async fn answer(store: &RedisStore) -> Option<StoreFault> {
    match store.find(&Credential::new("t"), Now::read()).await {
        Err(LookupError::Store(error)) => Some(error.kind),
        _ => None,
    }
}

/// A real server on a port.
struct Server {
    redis: TestServer,
    port: u16,
}

impl Server {
    async fn start() -> Self {
        let port = free_port();
        let mut redis = TestServer::prepare();
        redis.options(&["--port", &port.to_string()]);
        redis.run().await;
        Self { redis, port }
    }

    fn state(&self, up: bool) -> ServerState {
        let address = format!("redis://127.0.0.1:{}", self.port);
        ServerState { address, up }
    }
}

/// Answers every question with the same words.
struct Sentinel {
    port: u16,
    saying: Arc<Mutex<Saying>>,
}

#[derive(Default)]
struct Saying {
    words: Option<String>,
    count: usize,
}

impl Sentinel {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let saying = Arc::new(Mutex::new(Saying::default()));
        let said = Arc::clone(&saying);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&said)));
            }
        });
        Self { port, saying }
    }

    fn say(&self, server: &Server, epoch: u32) {
        let (port, epoch) = (server.port.to_string(), epoch.to_string());
        let words = [
            format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len()),
            format!(
                "%1\r\n$12\r\nconfig-epoch\r\n${}\r\n{epoch}\r\n",
                epoch.len()
            ),
        ];
        self.set(words.concat());
    }

    fn set(&self, words: String) {
        self.saying().words = Some(words);
    }

    /// Closes each connection instead of answering.
    fn fall_silent(&self) {
        self.saying().words = None;
    }

    /// Questions answered so far.
    fn count(&self) -> usize {
        self.saying().count
    }

    fn saying(&self) -> MutexGuard<'_, Saying> {
        self.saying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn talk(mut stream: TcpStream, saying: Arc<Mutex<Saying>>) {
    let mut bytes = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
        let words = {
            let mut saying = saying.lock().unwrap_or_else(PoisonError::into_inner);
            if String::from_utf8_lossy(&bytes[..length]).contains("HELLO") {
                Some("%0\r\n+OK\r\n+OK\r\n".to_owned())
            } else {
                saying.count += 1;
                saying.words.clone()
            }
        };
        let Some(words) = words else {
            return;
        };
        if stream.write_all(words.as_bytes()).await.is_err() {
            return;
        }
    }
}
