//! `keep`: the task that connects, notices the end of a connection, and connects again.

use super::announcer::Announcer;
use super::backoff::pause;
use super::dialer::{Dialer, Dialled};
use super::fault::fault;
use super::pushes::Ear;
use super::state::{LinkState, Live};
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
    dialer: Arc<Dialer>,
    announcer: Arc<Announcer>,
    state: Arc<watch::Sender<LinkState>>,
) {
    let name = &*announcer.name;
    let ending = Ending {
        state,
        announcer: &announcer,
    };
    let mut outage = Outage::default();
    let mut failures = 0;
    for number in 1.. {
        let failure = match open(&dialer, &announcer, number).await {
            Err(failure) => {
                failures += 1;
                failure
            }
            Ok((live, vigil)) => {
                outage.end(name, &dialer);
                let since = Instant::now();
                ending.state.send_replace(LinkState::Up(live));
                let failure = vigil.last().await;
                failures = if since.elapsed() < STEADY {
                    failures + 1
                } else {
                    0
                };
                failure
            }
        };
        outage.report(name, &dialer, &failure);
        ending.down(failure);
        sleep(pause(failures, RandomState::new().build_hasher().finish())).await;
    }
}

async fn open(
    dialer: &Dialer,
    announcer: &Arc<Announcer>,
    number: u64,
) -> Result<(Live, Vigil), StoreError> {
    let ear = Arc::new(Ear::new(Arc::clone(announcer), number));
    let hearing = Arc::clone(&ear);
    let Dialled { connection, pushes } = dialer.connect(move |push| hearing.hear(push)).await?;
    let live = Live {
        connection: connection.clone(),
        generation: number,
    };
    let vigil = Vigil::begin(Arc::clone(announcer), ear, connection, number, pushes).await?;
    Ok((live, vigil))
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
#[derive(Default)]
struct Outage {
    began: Option<Instant>,
    told: Vec<StoreFault>,
}

impl Outage {
    fn report(&mut self, name: &str, dialer: &Dialer, failure: &StoreError) {
        self.began.get_or_insert_with(Instant::now);
        if self.told.contains(&failure.kind) {
            return;
        }
        self.told.push(failure.kind);
        warn!(
            store = name,
            "cannot reach {}: {}; known sessions go on from the cache; retrying",
            dialer.address,
            failure.detail
        );
    }

    fn end(&mut self, name: &str, dialer: &Dialer) {
        match self.began.take() {
            None => info!(store = name, "connected to {}", dialer.address),
            Some(began) => info!(
                store = name,
                "connected to {} after an outage of {:.1?}",
                dialer.address,
                began.elapsed()
            ),
        }
        self.told.clear();
    }
}

/// A connection that lived so long was a good one: the next attempt comes without a pause.
const STEADY: Duration = Duration::from_secs(1);
