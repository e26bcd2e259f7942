//! `ClusterLink`: a cluster as the rest sees it, in the place of a `Link` to one server.

use super::courier::Courier;
use super::fleet::Fleet;
use super::member::{Crew, Member};
use super::standing::Standing;
use super::survey::{Surveyor, survey};
use crate::store::confluence::Confluence;
use crate::store::contract::{ServerState, StoreError, StoreOpenError};
use crate::store::feed::{ChangeSink, Feed, FeedMode};
use crate::store::owned_task::OwnedTask;
use crate::store::redis::announcer::mode;
use crate::store::redis::dialer::{Dialer, Manner};
use crate::store::settings::{ClusterSettings, RedisNode, RedisSettings};
use redis::{Pipeline, Value};
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// Asks over the connections of its members. Dropping it ends them.
pub(in crate::store::redis) struct ClusterLink {
    seeds: Vec<RedisNode>,
    crew: Arc<Crew>,
    courier: Courier,
    task: OnceLock<OwnedTask>,
}

impl ClusterLink {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub(in crate::store::redis) fn new(
        store: &str,
        cluster: &ClusterSettings,
        settings: &RedisSettings,
    ) -> Result<Self, StoreOpenError> {
        for node in &cluster.nodes {
            Dialer::new(&node.address(cluster.tls.as_ref()), &Manner::of(settings))?;
        }
        let confluence = Arc::new(Confluence::default());
        Ok(Self {
            seeds: cluster.nodes.clone(),
            courier: Courier {
                standing: Arc::new(watch::Sender::new(Standing::Unknown)),
                confluence: Arc::clone(&confluence),
            },
            crew: Arc::new(Crew {
                store: store.into(),
                settings: settings.clone(),
                tls: cluster.tls.clone(),
                confluence,
            }),
            task: OnceLock::new(),
        })
    }

    /// The first sink is kept.
    pub(in crate::store::redis) fn watch(&self, sink: Arc<dyn ChangeSink>) {
        self.crew.confluence.watch(sink);
    }

    /// Returns when the first attempt is over: to learn of the masters, and to connect to each.
    pub(in crate::store::redis) async fn tried(&self) {
        self.start();
        if let Ok(fleet) = self.courier.settled().await {
            for member in &fleet.members {
                member.link.tried().await;
            }
        }
    }

    /// As good as the worst of the members.
    pub(in crate::store::redis) fn feed(&self) -> Feed {
        let feeds = self.fleet().map(|fleet| {
            let feeds = fleet.members.iter().map(|member| member.announcer.feed());
            feeds.collect::<Vec<_>>()
        });
        let mode = feeds
            .into_iter()
            .flatten()
            .map(|feed| feed.mode)
            .find(|mode| matches!(mode, FeedMode::None(_)));
        Feed {
            mode: mode.unwrap_or_else(|| self.unconnected_mode()),
            vouching: self.crew.confluence.is_whole(),
        }
    }

    /// What was announced until now may not be all.
    pub(in crate::store::redis) fn lose(&self) {
        if let Some(fleet) = self.fleet() {
            for member in &fleet.members {
                member.announcer.lose();
            }
        }
    }

    /// Tells of a change that this node itself has made.
    pub(in crate::store::redis) fn changed(&self, key: &[u8]) {
        if let Some(member) = self
            .fleet()
            .and_then(|fleet| fleet.members.first().cloned())
        {
            member.announcer.changed(key);
        }
    }

    /// Ends the trust in what is known; whoever tells changes goes on doing so.
    pub(in crate::store::redis) fn distrust(&self) {
        self.crew.confluence.distrust();
    }

    /// The masters.
    ///
    /// # Errors
    /// When they are not known.
    pub(in crate::store::redis) async fn members(&self) -> Result<Vec<Arc<Member>>, StoreError> {
        self.start();
        Ok(self.courier.settled().await?.members.clone())
    }

    /// Whether every master answers.
    pub(in crate::store::redis) fn is_up(&self) -> bool {
        self.fleet()
            .is_some_and(|fleet| fleet.members.iter().all(|member| member.link.is_up()))
    }

    /// Each master; the nodes that were named, while none is known.
    pub(in crate::store::redis) fn states(&self) -> Vec<ServerState> {
        if let Some(fleet) = self.fleet() {
            let members = fleet.members.iter();
            return members.map(|member| member.link.server()).collect();
        }
        let seed = |node: &RedisNode| ServerState {
            address: node.address(self.crew.tls.as_ref()).to_string(),
            up: false,
        };
        self.seeds.iter().map(seed).collect()
    }

    /// Gives each command its reply, in order, error replies included.
    pub(in crate::store::redis) async fn ask(
        &self,
        question: &Pipeline,
    ) -> Result<Vec<Value>, StoreError> {
        self.start();
        self.courier.ask(question).await
    }

    fn start(&self) {
        self.task.get_or_init(|| {
            let (crew, seeds) = (Arc::clone(&self.crew), self.seeds.clone());
            let standing = Arc::clone(&self.courier.standing);
            OwnedTask::spawn(survey(Surveyor::new(crew, seeds, standing)))
        });
    }

    fn fleet(&self) -> Option<Arc<Fleet>> {
        self.courier.standing.borrow().fleet().ok()
    }

    /// Before any member says otherwise.
    fn unconnected_mode(&self) -> FeedMode {
        mode(self.crew.settings.invalidation)
    }
}
