//! `ProxyService`: Pingora's listening service, with the stores' connections begun in the same runtime first.
//!
//! Each Pingora service has threads of its own. A store connection made elsewhere would hop runtimes at every lookup.

use super::pulse::Heart;
use crate::listen::Guarded;
use crate::proxy::Gateway;
use crate::resolver::Source;
use crate::runtime::Live;
use crate::upstream::Cluster;
use async_trait::async_trait;
use pingora::proxy::HttpProxy;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::listening;
use pingora::services::{Service, ServiceReadyNotifier, ServiceWithDependents};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub(super) struct ProxyService {
    pub(super) inner: listening::Service<Guarded<HttpProxy<Gateway>>>,
    pub(super) live: Arc<Live>,
    pub(super) heart: Option<Heart>,
}

#[async_trait]
impl ServiceWithDependents for ProxyService {
    async fn start_service(
        &mut self,
        fds: Option<ListenFds>,
        stop: ShutdownWatch,
        listeners_per_fd: usize,
        ready: ServiceReadyNotifier,
    ) {
        let runtime = self.live.pin();
        resolve(&runtime.clusters).await;
        start_stores(runtime.resolver.sources()).await;
        drop(runtime);
        if let Some(heart) = self.heart.take() {
            tokio::spawn(heart.beat());
        }
        ready.notify_ready();
        Service::start_service(&mut self.inner, fds, stop, listeners_per_fd).await;
    }

    fn name(&self) -> &'static str {
        "proxy"
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        Service::listen_addresses(&self.inner)
    }
}

/// All at once: each takes as long as its connect timeout at most.
async fn start_stores(sources: &[Arc<Source>]) {
    let starting = sources.iter().map(|source| {
        let source = Arc::clone(source);
        async move { source.store.start().await }
    });
    starting.collect::<JoinSet<()>>().join_all().await;
}

/// How long a start waits for the names of upstream servers. What takes longer is resolved while others are served.
const PATIENCE: Duration = Duration::from_secs(2);

async fn resolve(clusters: &[Arc<Cluster>]) {
    let mut resolving = JoinSet::new();
    for cluster in clusters {
        let cluster = Arc::clone(cluster);
        resolving.spawn(async move { cluster.resolve().await });
    }
    let all = async { while resolving.join_next().await.is_some() {} };
    if timeout(PATIENCE, all).await.is_err() {
        resolving.detach_all();
    }
}
