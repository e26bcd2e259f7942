//! `Member`: one server of an upstream, and the peers that its address or name stands for.

use super::settings::{Server, UpstreamSettings, UpstreamTimeouts};
use arc_swap::ArcSwap;
use pingora::upstreams::peer::HttpPeer;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;
use tracing::{info, warn};

/// One server of the group.
pub struct Member {
    label: Box<str>,
    server: Server,
    timeouts: UpstreamTimeouts,
    /// One per address that the name resolves to; empty until it first does.
    peers: ArcSwap<Vec<HttpPeer>>,
    /// Milliseconds after `Cluster::opened`.
    rests_until_ms: AtomicU64,
}

/// Why an upstream cannot be opened.
#[derive(Debug, Error)]
#[error("upstream {upstream}: {server}: {detail}")]
pub struct OpenError {
    upstream: String,
    server: String,
    detail: String,
}

impl Member {
    /// Makes the peers of a literal address or socket path; a name has none yet.
    ///
    /// # Errors
    /// When a unix path cannot be an address.
    pub(super) fn open(server: &Server, settings: &UpstreamSettings) -> Result<Self, OpenError> {
        let refused = |detail: String| OpenError {
            upstream: settings.name.clone(),
            server: server.to_string(),
            detail,
        };
        let timeouts = settings.timeouts;
        let peers = match server {
            Server::Tcp { host, port } => {
                let literal = host.parse().map(|ip| SocketAddr::new(ip, *port));
                literal
                    .map(|address| vec![tcp_peer(address, timeouts)])
                    .unwrap_or_default()
            }
            Server::Unix(path) => {
                let path = canonical(path);
                let path = path
                    .to_str()
                    .ok_or_else(|| refused("the path is not UTF-8".to_owned()))?;
                let peer = HttpPeer::new_uds(path, false, String::new());
                let peer = peer.map_err(|fault| refused(fault.to_string()))?;
                vec![patient(peer, timeouts)]
            }
        };
        Ok(Self {
            label: server.to_string().into(),
            server: server.clone(),
            timeouts,
            peers: ArcSwap::from_pointee(peers),
            rests_until_ms: AtomicU64::new(0),
        })
    }

    /// The metric label: the address as configured.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether there is an address to connect to.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        !self.peers.load().is_empty()
    }

    /// What to connect to; the addresses of one name are taken in turn.
    pub(super) fn peer(&self, turn: usize) -> Option<Box<HttpPeer>> {
        let peers = self.peers.load();
        peers
            .get(turn % peers.len().max(1))
            .map(|peer| Box::new(peer.clone()))
    }

    /// Lets it rest until then, in milliseconds after the cluster was opened.
    pub(super) fn rest_until(&self, end_ms: u64) {
        self.rests_until_ms.store(end_ms, Ordering::Relaxed);
    }

    /// Whether it is passed over at this moment, in milliseconds after the cluster was opened.
    pub(super) fn rests_at(&self, now_ms: u64) -> bool {
        self.rests_until_ms.load(Ordering::Relaxed) > now_ms
    }

    /// Resolves its name once, if it has one. A name that does not resolve keeps its last addresses.
    pub(super) async fn resolve(&self, upstream: &str) {
        let Server::Tcp { host, port } = &self.server else {
            return;
        };
        if host.parse::<IpAddr>().is_ok() {
            return;
        }
        match tokio::net::lookup_host((host.as_str(), *port)).await {
            Ok(found) => self.replace(upstream, found.collect()),
            Err(fault) if self.is_resolved() => {
                warn!(upstream, server = %self.label, %fault, "cannot resolve the name again; its last addresses stay");
            }
            Err(fault) => {
                warn!(upstream, server = %self.label, %fault, "cannot resolve the name; trying again")
            }
        }
    }

    fn replace(&self, upstream: &str, mut addresses: Vec<SocketAddr>) {
        addresses.sort_unstable();
        addresses.dedup();
        let known: Vec<_> = self
            .peers
            .load()
            .iter()
            .map(|peer| peer._address.to_string())
            .collect();
        if addresses.is_empty() || addresses.iter().map(ToString::to_string).eq(known) {
            return;
        }
        info!(upstream, server = %self.label, addresses = addresses.len(), "name resolved");
        let peers = addresses
            .into_iter()
            .map(|address| tcp_peer(address, self.timeouts))
            .collect();
        self.peers.store(Arc::new(peers));
    }
}

/// Pingora gives a pooled connection back only if the kernel names its peer as we do: through a symlink such as
/// `/var/run`, or relative, it would connect anew for every request.
fn canonical(socket: &Path) -> PathBuf {
    let folder = socket
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    match (folder, socket.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => socket.to_owned(),
    }
}

fn tcp_peer(address: SocketAddr, timeouts: UpstreamTimeouts) -> HttpPeer {
    patient(HttpPeer::new(address, false, String::new()), timeouts)
}

/// Pingora waits forever (0.9.1) unless told otherwise.
fn patient(mut peer: HttpPeer, timeouts: UpstreamTimeouts) -> HttpPeer {
    peer.options.connection_timeout = Some(timeouts.connect);
    peer.options.total_connection_timeout = Some(timeouts.connect);
    peer.options.read_timeout = Some(timeouts.read);
    peer.options.write_timeout = Some(timeouts.write);
    peer.options.idle_timeout = Some(timeouts.idle);
    peer
}
