//! `Link`: the one connection to Redis as the rest sees it: there, or not there and why.

use super::announcer::Announcer;
use super::command::only_reads;
use super::fault::store_error;
use super::keeper::keep;
use super::state::{LinkState, Live};
use super::target::Target;
use crate::store::contract::{ServerState, StoreError};
use crate::store::owned_task::OwnedTask;
use redis::{Pipeline, Value};
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// Asks over whatever connection its task keeps up. Dropping it ends the task and the connection.
pub(super) struct Link {
    target: Arc<Target>,
    announcer: Arc<Announcer>,
    state: Arc<watch::Sender<LinkState>>,
    task: OnceLock<OwnedTask>,
}

impl Link {
    /// Connects nothing yet.
    pub(super) fn new(target: Target, announcer: Arc<Announcer>) -> Self {
        Self {
            target: Arc::new(target),
            announcer,
            state: Arc::new(watch::Sender::new(LinkState::Connecting)),
            task: OnceLock::new(),
        }
    }

    /// Starts the connection's task in the current tokio runtime; again changes nothing.
    pub(super) fn start(&self) {
        self.task.get_or_init(|| {
            let keeping = keep(
                Arc::clone(&self.target),
                Arc::clone(&self.announcer),
                Arc::clone(&self.state),
            );
            OwnedTask::spawn(keeping)
        });
    }

    /// Returns when the first attempt to connect is over.
    pub(super) async fn tried(&self) {
        // Whether it succeeded is for each lookup to find out.
        let _ = self.settled().await;
    }

    /// Whether there is a connection that answers.
    pub(super) fn is_up(&self) -> bool {
        self.state.borrow().live().is_ok()
    }

    /// The server at the other end, or the one that is looked for.
    pub(super) fn server(&self) -> ServerState {
        match &*self.state.borrow() {
            LinkState::Up(_, address) => ServerState {
                address: address.to_string(),
                up: true,
            },
            LinkState::Connecting | LinkState::Down(_) => ServerState {
                address: self.target.to_string(),
                up: false,
            },
        }
    }

    /// Sends the commands in one write and gives each its reply, error replies included.
    ///
    /// Reads are sent a second time if the connection broke meanwhile and a new one is already there; what writes is not,
    /// since it may have been done. Waits for a connection only until the first attempt is over; from then on, being down
    /// is an error at once.
    pub(super) async fn ask(&self, question: &Pipeline) -> Result<Vec<Value>, StoreError> {
        self.start();
        let mut asked = self.settled().await?;
        match asked.send(question).await {
            Ok(replies) => Ok(replies),
            Err(error) if error.is_connection_dropped() && only_reads(question) => {
                match self.newer_than(&asked) {
                    Some(mut newer) => newer.send(question).await.map_err(|e| store_error(&e)),
                    None => Err(store_error(&error)),
                }
            }
            Err(error) => Err(store_error(&error)),
        }
    }

    async fn settled(&self) -> Result<Live, StoreError> {
        {
            // Nearly always it is: then nobody has to be told of a change.
            let state = self.state.borrow();
            if !matches!(*state, LinkState::Connecting) {
                return state.live();
            }
        }
        let mut state = self.state.subscribe();
        let settled = state
            .wait_for(|state| !matches!(state, LinkState::Connecting))
            .await;
        settled.expect("self.state holds the sender").live()
    }

    fn newer_than(&self, asked: &Live) -> Option<Live> {
        let now = self.state.borrow().live().ok()?;
        (now.generation != asked.generation).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::{Link, LinkState, Live};
    use crate::store::contract::StoreFault;
    use crate::store::foreign::RecordFormat;
    use crate::store::owned_task::OwnedTask;
    use crate::store::redis::announcer::Announcer;
    use crate::store::redis::dialer::Manner;
    use crate::store::redis::reply::question;
    use crate::store::redis::target::Target;
    use crate::store::redis::test_server::TestServer;
    use crate::store::settings::RedisServers;
    use crate::token::TokenDigest;
    use redis::Value;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{UnixListener, UnixStream};

    #[tokio::test]
    async fn a_lookup_on_a_broken_connection_is_asked_once_more_on_a_new_one() {
        let server = Scripted::listen();
        let (link, mut first) = server.link_with_a_connection().await;
        let link = Arc::new(link);
        let asking = tokio::spawn({
            let link = Arc::clone(&link);
            async move {
                link.ask(&question(
                    "session:t",
                    TokenDigest::of("t"),
                    &RecordFormat::Native,
                ))
                .await
            }
        });
        hear(&mut first).await;
        let (live, mut second) = server.connect(&link, 2).await;
        link.state.send_replace(up(live));
        drop(first);
        hear(&mut second).await;
        say(&mut second, b"$1\r\nx\r\n:-1\r\n$0\r\n\r\n").await;
        let replies = asking.await.expect("no panic").expect("replies");
        let text = |text: &[u8]| Value::BulkString(text.to_vec());
        assert_eq!(replies, [text(b"x"), Value::Int(-1), text(b"")]);
    }

    #[tokio::test]
    async fn without_a_new_connection_a_broken_one_is_an_error() {
        let server = Scripted::listen();
        let (link, mut only) = server.link_with_a_connection().await;
        let question = question("session:t", TokenDigest::of("t"), &RecordFormat::Native);
        let (answer, ()) = tokio::join!(link.ask(&question), async {
            hear(&mut only).await;
            drop(only);
        });
        assert_eq!(
            answer.expect_err("the connection broke").kind,
            StoreFault::Io
        );
    }

    /// A server of whose every byte the test decides.
    struct Scripted {
        scratch: TestServer,
        listener: UnixListener,
    }

    impl Scripted {
        fn listen() -> Self {
            let scratch = TestServer::prepare();
            let listener = UnixListener::bind(scratch.dir().join("redis.sock"));
            let listener = listener.expect("a free path");
            Self { scratch, listener }
        }

        /// A link whose task does nothing, so that the test alone changes its state.
        async fn link_with_a_connection(&self) -> (Link, UnixStream) {
            let settings = self.scratch.settings();
            let announcer = Arc::new(Announcer::new("test", &settings, ""));
            let RedisServers::One(address) = &settings.servers else {
                panic!("{settings:?}")
            };
            let target = Target::fixed(address, &Manner::of(&settings)).expect("good settings");
            let link = Link::new(target, announcer);
            link.task.get_or_init(|| OwnedTask::spawn(async {}));
            let (live, stream) = self.connect(&link, 1).await;
            link.state.send_replace(up(live));
            (link, stream)
        }

        async fn connect(&self, link: &Link, generation: u64) -> (Live, UnixStream) {
            let shaking_hands = async {
                let (mut stream, _) = self.listener.accept().await.expect("a client");
                hear(&mut stream).await;
                // HELLO and twice CLIENT SETINFO.
                say(&mut stream, b"%0\r\n+OK\r\n+OK\r\n").await;
                stream
            };
            let (dialled, stream) = tokio::join!(link.target.connect(|_| ()), shaking_hands);
            let connection = dialled.expect("connected").connection;
            (
                Live {
                    connection,
                    generation,
                },
                stream,
            )
        }
    }

    fn up(live: Live) -> LinkState {
        LinkState::Up(live, "unix:///redis.sock".into())
    }

    async fn hear(stream: &mut UnixStream) {
        let mut bytes = [0; 1024];
        assert_ne!(stream.read(&mut bytes).await.expect("open"), 0, "closed");
    }

    async fn say(stream: &mut UnixStream, bytes: &[u8]) {
        stream.write_all(bytes).await.expect("open");
    }
}
