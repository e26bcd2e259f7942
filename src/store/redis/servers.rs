//! `Servers`: the Redis behind a store, be it one server or a cluster.

use super::announcer::Announcer;
use super::cluster::{ClusterLink, Member};
use super::dialer::Manner;
use super::link::Link;
use super::sentinel::Sentinels;
use super::target::Target;
use crate::store::contract::{ServerState, StoreError, StoreOpenError};
use crate::store::feed::{ChangeSink, Feed};
use crate::store::settings::{RedisServers, RedisSettings};
use redis::{Pipeline, Value};
use std::sync::Arc;

/// Asks and listens. Dropping it closes every connection.
pub(super) enum Servers {
    /// All keys are at one server.
    One {
        link: Link,
        announcer: Arc<Announcer>,
    },
    /// Each key is at one of several.
    Cluster(ClusterLink),
}

/// One of them.
pub(super) enum Server<'a> {
    One(&'a Link),
    Member(Arc<Member>),
}

impl Server<'_> {
    pub(super) fn link(&self) -> &Link {
        match self {
            Self::One(link) => link,
            Self::Member(member) => &member.link,
        }
    }
}

impl Servers {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub(super) fn open(name: &str, settings: &RedisSettings) -> Result<Self, StoreOpenError> {
        let target = match &settings.servers {
            RedisServers::One(address) => Target::fixed(address, &Manner::of(settings))?,
            RedisServers::Sentinel(sentinel) => Target::Master(Sentinels::new(sentinel, settings)?),
            RedisServers::Cluster(cluster) => {
                return Ok(Self::Cluster(ClusterLink::new(name, cluster, settings)?));
            }
        };
        let announcer = Arc::new(Announcer::new(name, settings, ""));
        Ok(Self::One {
            link: Link::new(target, Arc::clone(&announcer)),
            announcer,
        })
    }

    /// Tells this sink of every change; the first one is kept.
    pub(super) fn watch(&self, sink: Arc<dyn ChangeSink>) {
        match self {
            Self::One { announcer, .. } => announcer.watch(sink),
            Self::Cluster(cluster) => cluster.watch(sink),
        }
    }

    /// Begins to connect; returns when the first attempt is over.
    pub(super) async fn start(&self) {
        match self {
            Self::One { link, .. } => {
                link.start();
                link.tried().await;
            }
            Self::Cluster(cluster) => cluster.tried().await,
        }
    }

    /// How changes are announced just now.
    pub(super) fn feed(&self) -> Feed {
        match self {
            Self::One { announcer, .. } => announcer.feed(),
            Self::Cluster(cluster) => cluster.feed(),
        }
    }

    /// What was announced until now may not be all.
    pub(super) fn lose(&self) {
        match self {
            Self::One { announcer, .. } => announcer.lose(),
            Self::Cluster(cluster) => cluster.lose(),
        }
    }

    /// Tells of a change that this node itself has made: before the server does, or in its place.
    pub(super) fn changed(&self, key: &[u8]) {
        match self {
            Self::One { announcer, .. } => announcer.changed(key),
            Self::Cluster(cluster) => cluster.changed(key),
        }
    }

    /// Somebody wants every answer asked for again, whatever was told of it.
    pub(super) fn distrust(&self) {
        match self {
            Self::One { announcer, .. } => announcer.distrust(),
            Self::Cluster(cluster) => cluster.distrust(),
        }
    }

    /// Every server that holds keys, for what is asked of each.
    ///
    /// # Errors
    /// When they are not known.
    pub(super) async fn each(&self) -> Result<Vec<Server<'_>>, StoreError> {
        Ok(match self {
            Self::One { link, .. } => vec![Server::One(link)],
            Self::Cluster(cluster) => {
                let members = cluster.members().await?;
                members.into_iter().map(Server::Member).collect()
            }
        })
    }

    /// Whether every key can be asked for.
    pub(super) fn is_up(&self) -> bool {
        match self {
            Self::One { link, .. } => link.is_up(),
            Self::Cluster(cluster) => cluster.is_up(),
        }
    }

    /// Each server, for status.
    pub(super) fn states(&self) -> Vec<ServerState> {
        match self {
            Self::One { link, .. } => vec![link.server()],
            Self::Cluster(cluster) => cluster.states(),
        }
    }

    /// Gives each command its reply, in order, error replies included. One server gets them in one write; the nodes of a
    /// cluster each get theirs in one write, at the same time.
    pub(super) async fn ask(&self, question: &Pipeline) -> Result<Vec<Value>, StoreError> {
        match self {
            Self::One { link, .. } => link.ask(question).await,
            Self::Cluster(cluster) => cluster.ask(question).await,
        }
    }
}
