//! `keep`: the task that connects, notices the end of a connection, and connects again.

use super::announcer::Announcer;
use super::backoff::pause;
use super::dialer::Dialled;
use super::fault::fault;
use super::pushes::Ear;
use super::state::{LinkState, Live};
use super::target::Target;
use super::vigil::Vigil;
use crate::store::contract::{StoreError, StoreFault};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

/// Runs until it is aborted. Every change of `state` is made here.
///
/// A connection is in use only once it is proved, and what was known before it counts as lost by then; so no answer that
/// it gives can miss a change.
pub(super) async fn keep(
    target: Arc<Target>,
    announcer: Arc<Announcer>,
    state: Arc<watch::Sender<LinkState>>,
) {
    let ending = Ending {
        state,
        announcer: &announcer,
    };
    let mut outage = Outage::new(&announcer.name);
    let mut failures = 0;
    for number in 1.. {
        let failure = match open(&target, &announcer, &ending.state, number).await {
            Err(failure) => {
                failures += 1;
                failure
            }
            Ok(Opened {
                live,
                vigil,
                address,
            }) => {
                outage.end(&address);
                let since = Instant::now();
                ending
                    .state
                    .send_replace(LinkState::Up(live, Arc::clone(&address)));
                let failure = tokio::select! {
                    failure = vigil.last() => failure,
                    other = target.superseded(&address) => fault(
                        StoreFault::Unavailable,
                        format!("the sentinels name {other} and no longer {address}"),
                    ),
                };
                failures = if since.elapsed() < STEADY {
                    failures + 1
                } else {
                    0
                };
                failure
            }
        };
        outage.report(&target, &failure);
        ending.down(failure);
        sleep(pause(failures, RandomState::new().build_hasher().finish())).await;
    }
}

/// A proved connection.
struct Opened {
    live: Live,
    vigil: Vigil,
    address: Arc<str>,
}

async fn open(
    target: &Target,
    announcer: &Arc<Announcer>,
    state: &watch::Sender<LinkState>,
    number: u64,
) -> Result<Opened, StoreError> {
    let ear = Arc::new(Ear::new(Arc::clone(announcer), number));
    let hearing = Arc::clone(&ear);
    let Dialled {
        connection,
        pushes,
        address,
    } = target.connect(move |push| hearing.hear(push)).await?;
    let live = Live {
        connection: connection.clone(),
        generation: number,
    };
    let mut vigil = Vigil::begin(Arc::clone(announcer), ear, connection, number, pushes).await?;
    // Once it vouches, what was known before bridges no outage any more. Whoever asks from here on waits for the
    // connection, and does not hear that there is none.
    state.send_replace(LinkState::Connecting);
    vigil.enter()?;
    Ok(Opened {
        live,
        vigil,
        address,
    })
}

/// Leaves the state down when the task ends, be it because its runtime went away: nobody waits for it any more.
struct Ending<'a> {
    state: Arc<watch::Sender<LinkState>>,
    announcer: &'a Announcer,
}

impl Ending<'_> {
    fn down(&self, failure: StoreError) {
        self.state.send_replace(LinkState::Down(failure));
        self.announcer.lose();
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.down(fault(StoreFault::Io, "the store is shut down"));
    }
}

/// What has been logged of an outage: its beginning, each kind of failure once, its end.
struct Outage<'a> {
    store: &'a str,
    began: Option<Instant>,
    told: Vec<StoreFault>,
    /// Where the last connection led.
    last: Option<Arc<str>>,
}

impl<'a> Outage<'a> {
    fn new(store: &'a str) -> Self {
        Self {
            store,
            began: None,
            told: Vec::new(),
            last: None,
        }
    }

    fn report(&mut self, target: &Target, failure: &StoreError) {
        self.began.get_or_insert_with(Instant::now);
        if self.told.contains(&failure.kind) {
            return;
        }
        self.told.push(failure.kind);
        warn!(
            store = self.store,
            "cannot reach {target}: {}; known sessions go on from the cache; retrying",
            failure.detail
        );
    }

    fn end(&mut self, address: &Arc<str>) {
        let before = self.last.replace(Arc::clone(address));
        if let Some(before) = before.filter(|before| before != address) {
            info!(
                store = self.store,
                "the master is {address} now, and was {before}"
            );
        }
        match self.began.take() {
            None => info!(store = self.store, "connected to {address}"),
            Some(began) => info!(
                store = self.store,
                "connected to {address} after an outage of {:.1?}",
                began.elapsed()
            ),
        }
        self.told.clear();
    }
}

/// A connection that lived so long was a good one: the next attempt comes without a pause.
const STEADY: Duration = Duration::from_secs(1);
