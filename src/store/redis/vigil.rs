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
}

/// What proves a connection each second.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// A reply to PING; changes are not pushed on it.
    Life,
    /// PONG: changes are pushed, but the canary may not be written.
    Pong,
    /// The push of the canary.
    Canary,
}

impl Vigil {
    /// Asks for pushes and proves them once: only after it may answers of this connection be used. `pushes` is whether the
    /// connection's protocol has them.
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
            Invalidation::Tracking | Invalidation::PubSub if refused.is_none() => Proof::Canary,
            _ => Proof::Life,
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
        };
        vigil.prove().await?;
        Ok(vigil)
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
        if self.proof != Proof::Canary {
            return self.ping().await;
        }
        match round(&mut self.connection, &self.song, &mut self.heard).await? {
            Round::Echo(lag) => {
                self.vouch();
                self.announcer.lag(lag);
            }
            Round::Unwritable(error) => {
                self.vouch();
                self.go_without_canary(&error);
            }
            Round::Unsure(error) => return self.doubt(error),
            Round::Silent => return self.doubt(fault(StoreFault::Timeout, SILENT)),
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), StoreError> {
        let answer = cmd("PING").exec_async(&mut self.connection).await;
        match (answer, self.proof) {
            (Ok(()), Proof::Pong) => self.vouch(),
            (Err(error), _) if error.is_io_error() => return Err(store_error(&error)),
            (Err(error), Proof::Pong) if error.code().is_some_and(|code| code != "NOPERM") => {
                return self.doubt(store_error(&error));
            }
            // Any reply proves the connection, an error reply too.
            _ => {}
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
    // What is announced is heard where pushes are refused as well, though nothing else is told.
    let [events, _] = announcer.channels();
    if let Some(refused) = messages::subscribe(connection, &[events]).await? {
        announcer.miss_events(&refused);
    }
    Ok(refused)
}

const EVERY: Duration = Duration::from_secs(1);

const SILENT: &str = "a change of our own was not pushed within a second";
