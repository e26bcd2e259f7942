//! `AddressBook`: the peers that a target's name or socket stands for, looked up again now and then.

use super::failure::{FetchError, FetchFault};
use super::limits::FetchLimits;
use super::target::{FetchTarget, Place};
use crate::clock::Now;
use arc_swap::ArcSwapOption;
use pingora::upstreams::peer::HttpPeer;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where connections go.
pub(super) struct AddressBook {
    place: Place,
    limits: FetchLimits,
    entry: ArcSwapOption<Entry>,
}

/// What was found, the one that answered last first.
pub(super) struct Entry {
    pub(super) peers: Vec<HttpPeer>,
    /// `None`: an address does not change.
    fresh_until: Option<Instant>,
}

impl AddressBook {
    pub(super) fn new(target: &FetchTarget, limits: FetchLimits) -> Self {
        Self {
            place: target.place.clone(),
            limits,
            entry: ArcSwapOption::empty(),
        }
    }

    /// At least one peer. A name that no longer resolves keeps its last addresses.
    pub(super) async fn look_up(&self) -> Result<Arc<Entry>, FetchError> {
        let known = self.entry.load_full();
        let is_fresh = |entry: &Arc<Entry>| {
            let ends = entry.fresh_until;
            ends.is_none_or(|end| Now::read().mono < end)
        };
        if let Some(entry) = known.as_ref().filter(|entry| is_fresh(entry)) {
            return Ok(Arc::clone(entry));
        }
        let found = match self.resolve(known.as_deref()).await {
            Ok(entry) => Arc::new(entry),
            Err(error) => return known.ok_or(error),
        };
        self.entry.store(Some(Arc::clone(&found)));
        Ok(found)
    }

    /// Puts a peer to the front that was connected to after others were not.
    pub(super) fn prefer(&self, peer: &HttpPeer) {
        let Some(known) = self.entry.load_full() else {
            return;
        };
        let mut peers = known.peers.clone();
        peers.sort_by_key(|other| !is_same(other, peer));
        let fresh_until = known.fresh_until;
        self.entry
            .store(Some(Arc::new(Entry { peers, fresh_until })));
    }

    async fn resolve(&self, known: Option<&Entry>) -> Result<Entry, FetchError> {
        let again = Some(Now::read().mono + FRESH);
        let (host, port) = match &self.place {
            Place::Tcp { host, port, .. } => (host, *port),
            Place::Unix(path) => {
                let peer = self.socket(path).await?;
                return Ok(Entry {
                    peers: vec![peer],
                    fresh_until: again,
                });
            }
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Entry {
                peers: vec![self.tcp(SocketAddr::new(address, port))],
                fresh_until: None,
            });
        }
        let found = tokio::net::lookup_host((host.as_str(), port)).await;
        let found = found
            .map_err(|fault| FetchError::new(FetchFault::Io, format!("no address: {fault}")))?;
        let mut peers: Vec<HttpPeer> = found.map(|address| self.tcp(address)).collect();
        if peers.is_empty() {
            return Err(FetchError::new(FetchFault::Io, "the name has no address"));
        }
        let last = known.and_then(|known| known.peers.first());
        peers.sort_by_key(|peer| !last.is_some_and(|last| is_same(peer, last)));
        Ok(Entry {
            peers,
            fresh_until: again,
        })
    }

    fn tcp(&self, address: SocketAddr) -> HttpPeer {
        let (sni, tls) = match &self.place {
            // An empty name would switch verification off, and there is none.
            Place::Tcp {
                host,
                tls: Some(tls),
                ..
            } => (host.clone(), Some(tls)),
            _ => (String::new(), None),
        };
        let mut peer = HttpPeer::new(address, tls.is_some(), sni);
        let authorities = tls.and_then(|tls| tls.authorities.as_ref());
        peer.options.ca = authorities.map(|authorities| authorities.certificates());
        self.patient(peer)
    }

    /// Pingora gives a pooled connection back only if the kernel names its peer as we do.
    async fn socket(&self, path: &Path) -> Result<HttpPeer, FetchError> {
        let real = tokio::fs::canonicalize(path).await;
        let real = real.as_deref().unwrap_or(path);
        let unusable = || FetchError::new(FetchFault::Io, "not the path of a unix socket");
        let text = real.to_str().ok_or_else(unusable)?;
        let peer = HttpPeer::new_uds(text, false, String::new()).map_err(|_| unusable())?;
        Ok(self.patient(peer))
    }

    fn patient(&self, mut peer: HttpPeer) -> HttpPeer {
        peer.options.connection_timeout = Some(self.limits.connect);
        peer.options.total_connection_timeout = Some(self.limits.connect);
        peer
    }
}

fn is_same(one: &HttpPeer, other: &HttpPeer) -> bool {
    one._address == other._address
}

/// How long what was found is believed.
const FRESH: Duration = Duration::from_secs(10);
