//! `Cluster`: an opened upstream. Hands out servers in turn, and lets one that refused a connection rest a while.

use super::member::{Member, OpenError};
use super::settings::{Server, UpstreamSettings};
use pingora::upstreams::peer::HttpPeer;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a server that refused a connection is passed over while others are there.
const REST: Duration = Duration::from_secs(1);

/// A named group of servers, shared by the routes that name it.
pub struct Cluster {
    name: Box<str>,
    servers: Box<[Member]>,
    turn: Turn,
    opened: Instant,
}

/// Whose turn it is, alone on its cache lines: the threads that count it are not to take from each other what they only
/// read. There is none where there is nothing to choose from.
#[repr(align(128))]
struct Turn(Option<AtomicUsize>);

impl Cluster {
    /// Makes peers of literal addresses and socket paths. Names wait for [`Cluster::resolve`].
    ///
    /// # Errors
    /// When a unix path cannot be an address.
    pub fn open(settings: &UpstreamSettings, now: Instant) -> Result<Self, OpenError> {
        let open = |server: &Server| Member::open(server, settings);
        let servers = settings
            .servers
            .iter()
            .map(open)
            .collect::<Result<Box<_>, _>>()?;
        Ok(Self {
            name: settings.name.as_str().into(),
            turn: Turn::among(&servers),
            servers,
            opened: now,
        })
    }

    /// The metric label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its servers, in the order of the file.
    #[must_use]
    pub fn servers(&self) -> &[Member] {
        &self.servers
    }

    /// The next server in turn with its position, and the peer to connect to. A resting server is passed over
    /// unless all rest; `None` when no name has been resolved yet.
    #[must_use]
    pub fn pick(&self, now: Instant) -> Option<(usize, Box<HttpPeer>)> {
        let turn = self.turn.next();
        let in_turn = || (0..self.servers.len()).map(|step| (turn + step) % self.servers.len());
        let ready = |at: &usize| {
            self.servers
                .get(*at)
                .is_some_and(|server| !self.rests(server, now))
        };
        let peer = |at: usize| Some((at, self.servers.get(at)?.peer(turn)?));
        in_turn()
            .filter(ready)
            .find_map(peer)
            .or_else(|| in_turn().find_map(peer))
    }

    /// Passes the server over for a second: it refused a connection.
    pub fn rest(&self, server: usize, now: Instant) {
        if let Some(server) = self.servers.get(server) {
            server.rest_until(self.elapsed_ms(now + REST));
        }
    }

    /// Whether the server is being passed over.
    #[must_use]
    pub fn rests(&self, server: &Member, now: Instant) -> bool {
        server.rests_at(self.elapsed_ms(now))
    }

    /// Resolves the names among the servers once. A name that does not resolve keeps its last addresses.
    pub async fn resolve(&self) {
        for server in &self.servers {
            server.resolve(&self.name).await;
        }
    }

    fn elapsed_ms(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.opened).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Turn {
    fn among(servers: &[Member]) -> Self {
        // A name may come to stand for several addresses.
        let has_choice = servers.len() > 1 || !servers.iter().all(Member::is_resolved);
        Self(has_choice.then(AtomicUsize::default))
    }

    fn next(&self) -> usize {
        let turn = self.0.as_ref();
        turn.map_or(0, |turn| turn.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::Cluster;
    use crate::clock::Now;
    use crate::upstream::{Server, UpstreamSettings, UpstreamTimeouts};
    use std::time::Duration;

    fn cluster(servers: &[(&str, u16)]) -> Cluster {
        let tcp = |(host, port): &(&str, u16)| Server::Tcp {
            host: (*host).to_owned(),
            port: *port,
        };
        let settings = UpstreamSettings {
            name: "blog".to_owned(),
            servers: servers.iter().map(tcp).collect(),
            timeouts: UpstreamTimeouts::default(),
        };
        Cluster::open(&settings, Now::read().mono).expect("literal addresses open")
    }

    #[test]
    fn servers_take_turns_and_a_resting_one_is_passed_over() {
        let three = cluster(&[("127.0.0.1", 1), ("127.0.0.1", 2), ("::1", 3)]);
        let now = Now::read().mono;
        let turns = |at| {
            (0..6)
                .filter_map(|_| three.pick(at))
                .map(|(server, _)| server)
                .collect::<Vec<_>>()
        };
        assert_eq!(turns(now), [0, 1, 2, 0, 1, 2]);
        three.rest(1, now);
        assert_eq!(turns(now), [0, 2, 2, 0, 2, 2]);
        assert_eq!(turns(now + Duration::from_secs(2)), [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn when_all_rest_the_next_in_turn_is_tried_all_the_same() {
        let one = cluster(&[("127.0.0.1", 1)]);
        let now = Now::read().mono;
        one.rest(0, now);
        assert_eq!(one.pick(now).map(|(server, _)| server), Some(0));
    }

    #[test]
    fn a_name_has_no_peer_before_it_is_resolved() {
        let named = cluster(&[("blog.internal", 80)]);
        assert!(named.pick(Now::read().mono).is_none());
    }
}
