//! `Vigil`: what is asked of a live connection each second, and what the answer means for the feed.

use super::announcer::Announcer;
use super::canary::{Round, SILENCE, round, song};
use super::fault::{fault, store_error};
use super::messages;
use super::pushes::Ear;
use super::tracking;
use crate::store::contract::{StoreError, StoreFault};
use crate::store::settings::Invalidation;
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, cmd};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// The keeper's view of one connection.
pub(super) struct Vigil {
    announcer: Arc<Announcer>,
    ear: Arc<Ear>,
    heard: watch::Receiver<Instant>,
    song: Pipeline,
    connection: MultiplexedConnection,
    number: u64,
    proof: Proof,
    /// Whether this connection has vouched at any time.
    vouched: bool,
    /// Of the first proof, until anybody is told of it.
    first: Option<Finding>,
}

/// What a proof has shown.
enum Finding {
    /// Every change is told.
    Told,
    /// The same, and how fast.
    Echoed(Duration),
    /// Every change is told, but the canary is refused.
    Unwritable(StoreError),
    /// Changes are not told, or not here.
    Untold(StoreError),
    /// The connection lives; that is all that it is asked for.
    Alive,
}

/// What proves a connection each second.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// A reply to PING; changes are not pushed on it.
    Life,
    /// PONG: changes are pushed, but the canary may not be written, or there is none.
    Pong,
    /// The push of the canary.
    Canary,
}

impl Vigil {
    /// Asks for pushes and proves them once: only after it may answers of this connection be used. Nobody is told of the
    /// proof before [`Self::enter`]. `pushes` is whether the connection's protocol has them.
    ///
    /// # Errors
    /// When the connection breaks. A server that does not push is none: it serves lookups all the same.
    pub(super) async fn begin(
        announcer: Arc<Announcer>,
        ear: Arc<Ear>,
        mut connection: MultiplexedConnection,
        number: u64,
        pushes: bool,
    ) -> Result<Self, StoreError> {
        connection.set_response_timeout(SILENCE);
        let refused = match (announcer.by, pushes) {
            (Invalidation::None, _) => None,
            (_, false) => Some(tracking::OLD_SERVER.into()),
            (by, true) => listen(by, &announcer, &mut connection).await?,
        };
        let proof = match announcer.by {
            Invalidation::None => Proof::Life,
            _ if refused.is_some() => Proof::Life,
            _ if announcer.is_guest() => Proof::Pong,
            Invalidation::Tracking | Invalidation::PubSub => Proof::Canary,
        };
        if let Some(reason) = refused {
            announcer.give_up(reason);
        }
        let mut vigil = Self {
            heard: ear.canary(),
            song: song(announcer.by, &announcer.canary),
            announcer,
            ear,
            connection,
            number,
            proof,
            vouched: false,
            first: None,
        };
        vigil.first = Some(vigil.examine().await?);
        Ok(vigil)
    }

    /// Tells what the first proof has shown.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(super) fn enter(&mut self) -> Result<(), StoreError> {
        match self.first.take() {
            Some(finding) => self.conclude(finding),
            None => Ok(()),
        }
    }

    /// Waits for the end of the connection: told by the socket, or by a server that does not answer.
    pub(super) async fn last(mut self) -> StoreError {
        let ear = Arc::clone(&self.ear);
        loop {
            let proving = async {
                sleep(EVERY).await;
                self.prove().await
            };
            let proved = tokio::select! {
                () = ear.cut() => return fault(StoreFault::Io, "the server closed the connection"),
                proved = proving => proved,
            };
            if let Err(failure) = proved {
                return failure;
            }
        }
    }

    async fn prove(&mut self) -> Result<(), StoreError> {
        let finding = self.examine().await?;
        self.conclude(finding)
    }

    async fn examine(&mut self) -> Result<Finding, StoreError> {
        if self.proof != Proof::Canary {
            return self.ping().await;
        }
        let round = round(&mut self.connection, &self.song, &mut self.heard).await?;
        Ok(match round {
            Round::Echo(lag) => Finding::Echoed(lag),
            Round::Unwritable(error) => Finding::Unwritable(error),
            Round::Unsure(error) => Finding::Untold(error),
            Round::Silent => Finding::Untold(fault(StoreFault::Timeout, SILENT)),
        })
    }

    async fn ping(&mut self) -> Result<Finding, StoreError> {
        let answer = cmd("PING").exec_async(&mut self.connection).await;
        Ok(match (answer, self.proof) {
            (Ok(()), Proof::Pong) => Finding::Told,
            // It came after every push before it, as a PONG would.
            (Err(error), Proof::Pong)
                if self.announcer.is_guest() && error.code() == Some("NOPERM") =>
            {
                Finding::Told
            }
            (Err(error), _) if error.is_io_error() => return Err(store_error(&error)),
            (Err(error), Proof::Pong) if error.code().is_some_and(|code| code != "NOPERM") => {
                Finding::Untold(store_error(&error))
            }
            // Any reply proves the connection, an error reply too.
            _ => Finding::Alive,
        })
    }

    fn conclude(&mut self, finding: Finding) -> Result<(), StoreError> {
        match finding {
            Finding::Told => self.vouch(),
            Finding::Echoed(lag) => {
                self.vouch();
                self.announcer.lag(lag);
            }
            Finding::Unwritable(error) => {
                self.vouch();
                self.go_without_canary(&error);
            }
            Finding::Untold(error) => return self.doubt(error),
            Finding::Alive => {}
        }
        Ok(())
    }

    fn vouch(&mut self) {
        self.vouched = true;
        self.announcer.vouch(self.number);
    }

    /// A connection that has vouched is given up for a new one, since the address may lead to another server by now. One
    /// that never did stays and is asked again: lookups are served by it.
    fn doubt(&self, error: StoreError) -> Result<(), StoreError> {
        self.announcer.lose();
        if self.vouched {
            return Err(error);
        }
        self.announcer.give_up(error.detail);
        Ok(())
    }

    /// The ACL does not change by itself: it is asked again with the next connection. Other reasons pass.
    fn go_without_canary(&mut self, error: &StoreError) {
        if error.kind != StoreFault::Auth {
            return;
        }
        self.proof = Proof::Pong;
        self.announcer.miss_canary();
    }
}

/// Asks for all that is to be told; the reason if the server refuses what it cannot do without.
async fn listen(
    by: Invalidation,
    announcer: &Announcer,
    connection: &mut MultiplexedConnection,
) -> Result<Option<Cow<'static, str>>, StoreError> {
    if by == Invalidation::PubSub {
        return messages::subscribe(connection, &announcer.channels()).await;
    }
    let refused = tracking::begin(connection, announcer.prefixes()).await?;
    if announcer.is_guest() {
        return Ok(refused);
    }
    // What is announced is heard where pushes are refused as well, though nothing else is told.
    let [events, _] = announcer.channels();
    if let Some(refused) = messages::subscribe(connection, &[events]).await? {
        announcer.miss_events(&refused);
    }
    Ok(refused)
}

const EVERY: Duration = Duration::from_secs(1);

const SILENT: &str = "a change of our own was not pushed within a second";
