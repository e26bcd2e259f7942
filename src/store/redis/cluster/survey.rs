//! `survey`: the task that keeps learning which masters the cluster has.

use super::chart::{self, Chart};
use super::fleet::Fleet;
use super::member::Crew;
use super::standing::Standing;
use crate::store::confluence::Confluence;
use crate::store::contract::{StoreError, StoreFault, StoreOpenError};
use crate::store::redis::dialer::{Dialer, Manner};
use crate::store::redis::fault::fault;
use crate::store::redis::witness::{Witness, hear};
use crate::store::settings::RedisNode;
use redis::Pipeline;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

/// Runs until it is aborted. Every change of the standing is made here, one at a time.
pub(super) async fn survey(mut surveyor: Surveyor) {
    loop {
        surveyor.look().await;
        // However often a redirect or a loss wakes it.
        sleep(SHORTEST).await;
        let confluence = Arc::clone(&surveyor.crew.confluence);
        tokio::select! {
            () = sleep(pause(&confluence)) => {}
            () = confluence.disturbed() => {}
        }
    }
}

/// Asks, compares, and changes the fleet.
pub(super) struct Surveyor {
    crew: Arc<Crew>,
    seeds: Vec<RedisNode>,
    /// Every node that may be asked.
    witnesses: HashMap<RedisNode, Arc<Witness>>,
    question: Arc<Pipeline>,
    standing: Arc<watch::Sender<Standing>>,
    members_so_far: u64,
    told: Option<StoreFault>,
}

impl Surveyor {
    /// Connects nothing yet.
    pub(super) fn new(
        crew: Arc<Crew>,
        seeds: Vec<RedisNode>,
        standing: Arc<watch::Sender<Standing>>,
    ) -> Self {
        Self {
            crew,
            seeds,
            witnesses: HashMap::new(),
            question: Arc::new(chart::question()),
            standing,
            members_so_far: 0,
            told: None,
        }
    }

    async fn look(&mut self) {
        let panel = self.panel();
        let majority = panel.len() / 2 + 1;
        let mut heard = hear(&panel, &self.question, majority, chart::understand).await;
        let answers = heard.answers.len();
        heard.answers.sort_by_key(|chart| chart.epoch);
        let outcome = match heard.answers.pop() {
            Some(newest) => self.adopt(newest, answers >= majority),
            None => Err(heard
                .failure()
                .unwrap_or_else(|| fault(StoreFault::Io, "no node was asked"))),
        };
        match outcome {
            Ok(()) => self.told = None,
            Err(failure) => self.fail(failure),
        }
    }

    /// A few of the nodes that are known, another few each time.
    fn panel(&mut self) -> Vec<Arc<Witness>> {
        let mut nodes = self.seeds.clone();
        if let Ok(fleet) = self.standing.borrow().fleet() {
            nodes.extend_from_slice(&fleet.chart.masters);
            nodes.extend_from_slice(&fleet.chart.replicas);
        }
        self.witnesses.retain(|node, _| nodes.contains(node));
        fastrand::shuffle(&mut nodes);
        let mut panel: Vec<Arc<Witness>> = Vec::new();
        for node in nodes {
            if panel.len() < PANEL && !panel.iter().any(|witness| witness.node == node) {
                panel.extend(self.witness(node));
            }
        }
        panel
    }

    fn witness(&mut self, node: RedisNode) -> Option<Arc<Witness>> {
        if let Some(known) = self.witnesses.get(&node) {
            return Some(Arc::clone(known));
        }
        let address = node.address(self.crew.tls.as_ref());
        let dialer = Dialer::new(&address, &Manner::of(&self.crew.settings)).ok()?;
        let witness = Arc::new(Witness::new(node.clone(), dialer));
        self.witnesses.insert(node, Arc::clone(&witness));
        Some(witness)
    }

    /// A few nodes that know less than we do are cut off from the others, or have been: they are not believed.
    pub(super) fn adopt(
        &mut self,
        newest: Chart,
        is_of_a_majority: bool,
    ) -> Result<(), StoreError> {
        let before = self.standing.borrow().fleet().ok();
        if let Some(before) = &before {
            let is_older = newest.epoch < before.chart.epoch;
            if before.chart == newest || (is_older && !is_of_a_majority) {
                return Ok(());
            }
        }
        let fleet = self
            .fleet(newest, before.as_deref())
            .map_err(|error| fault(StoreFault::Io, error.to_string()))?;
        self.report(&fleet, before.as_deref());
        // Seated first: a member may vouch as soon as it has begun.
        let numbers: Vec<u64> = fleet.members.iter().map(|member| member.number).collect();
        let are_others = self.crew.confluence.seat(&numbers);
        for member in &fleet.members {
            member.link.start();
        }
        self.standing.send_replace(Standing::Known(Arc::new(fleet)));
        if are_others {
            // What was asked for between the two went by the old chart.
            self.crew.confluence.distrust();
        }
        Ok(())
    }

    fn fleet(&mut self, chart: Chart, before: Option<&Fleet>) -> Result<Fleet, StoreOpenError> {
        let members_so_far = &mut self.members_so_far;
        Fleet::of(chart, before, &self.crew, || {
            *members_so_far += 1;
            *members_so_far
        })
    }

    fn report(&self, fleet: &Fleet, before: Option<&Fleet>) {
        let masters = |fleet: &Fleet| {
            let mut masters: Vec<_> = fleet
                .chart
                .masters
                .iter()
                .map(RedisNode::to_string)
                .collect();
            masters.sort();
            masters.join(", ")
        };
        let now = masters(fleet);
        if before.map(masters).as_ref() != Some(&now) {
            info!(
                store = &*self.crew.store,
                "the masters of the cluster are {now}"
            );
        }
    }

    fn fail(&mut self, failure: StoreError) {
        if self.told.replace(failure.kind) != Some(failure.kind) {
            warn!(
                store = &*self.crew.store,
                "no node of the cluster tells of its masters: {}; retrying", failure.detail
            );
        }
        self.standing.send_if_modified(|standing| {
            let is_news = !matches!(standing, Standing::Known(_));
            if is_news {
                *standing = Standing::Failed(failure);
            }
            is_news
        });
    }
}

impl Drop for Surveyor {
    /// Nobody waits for it any more, be it because its runtime went away.
    fn drop(&mut self) {
        let gone = fault(StoreFault::Io, "the store is shut down");
        self.standing.send_replace(Standing::Failed(gone));
    }
}

/// Many nodes do not ask at the same moment.
fn pause(confluence: &Confluence) -> Duration {
    let longest = if confluence.is_whole() { CALM } else { UNREST };
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

const SHORTEST: Duration = Duration::from_millis(100);
const CALM: Duration = Duration::from_secs(5);
/// A master is lost; another one may have its slots any moment.
const UNREST: Duration = Duration::from_millis(500);

/// Nodes that are asked at a time.
const PANEL: usize = 5;
