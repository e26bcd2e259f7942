//! `Sentinels`: a master, its replica and three sentinels that watch them.

use super::node::Node;
use super::wait::eventually;
use std::path::Path;

/// The first two nodes hold data; either may be the master.
pub(crate) struct Sentinels {
    pub(crate) servers: Vec<Node>,
    pub(crate) sentinels: Vec<Node>,
}

/// Of the servers.
pub(crate) const PASSWORD: &str = "of-the-servers";
/// Of the sentinels.
pub(crate) const SENTINEL_PASSWORD: &str = "of-the-sentinels";
/// The sentinels' user who may do no more than the gateway needs.
pub(crate) const ASKER: &str = "asker";
/// The servers' user as whom the sentinels come.
pub(crate) const WATCHER: &str = "watcher";

impl Sentinels {
    /// Started, and each sentinel knows the others and the replica.
    pub(crate) fn start(folder: &Path) -> Self {
        let user = format!(
            "--requirepass {PASSWORD} --masterauth {PASSWORD} --user {WATCHER} on >{PASSWORD} ~* &* +@all"
        );
        let master = Node::start(folder, &user).with_password(PASSWORD);
        let port = master.port();
        let replica = Node::start(folder, &format!("{user} --replicaof 127.0.0.1 {port}"));
        let replica = replica.with_password(PASSWORD);
        let configuration = format!(
            "requirepass {SENTINEL_PASSWORD}
user {ASKER} on >{SENTINEL_PASSWORD} +sentinel|get-master-addr-by-name +sentinel|master
sentinel monitor sessions 127.0.0.1 {port} 2
sentinel auth-user sessions {WATCHER}
sentinel auth-pass sessions {PASSWORD}
sentinel down-after-milliseconds sessions 1000
sentinel failover-timeout sessions 5000
"
        );
        let sentinel = |_| Node::sentinel(folder, &configuration).with_password(SENTINEL_PASSWORD);
        let set = Self {
            servers: vec![master, replica],
            sentinels: (0..3).map(sentinel).collect(),
        };
        set.wait_until_known();
        eventually("the replica follows", || {
            let info = set.servers[1].command(&["INFO", "replication"]);
            info.contains("master_link_status:up").then_some(())
        });
        set
    }

    #[track_caller]
    fn wait_until_known(&self) {
        eventually("the sentinels know each other and the replica", || {
            let knows = |sentinel: &Node| {
                let word = |name| self.detail(sentinel, name);
                word("num-other-sentinels").as_deref() == Some("2")
                    && word("num-slaves").as_deref() == Some("1")
                    && word("flags").as_deref() == Some("master")
            };
            self.sentinels.iter().all(knows).then_some(())
        });
    }

    /// Makes the servers copy at once, and the sentinels ask more often than they would, so that one failover can follow
    /// another, and none comes unasked on a busy machine. Lasts until they are restarted.
    pub(crate) fn hurry(&self) {
        for server in &self.servers {
            // One that is made a replica loses its connections.
            eventually("it takes the setting", || {
                server.try_command(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"])
            });
        }
        for sentinel in &self.sentinels {
            let periods = ["INFO-PERIOD", "300", "PUBLISH-PERIOD", "300"];
            let doubts = ["TILT-PERIOD", "1000"];
            sentinel.command(&[&["SENTINEL", "DEBUG"][..], &periods, &doubts].concat());
            let again = [
                "failover-timeout",
                "2000",
                "down-after-milliseconds",
                "3000",
            ];
            sentinel.command(&[&["SENTINEL", "SET", "sessions"][..], &again].concat());
        }
        // One of them decides and the others agree: votes that are split cost seconds.
        for sentinel in &self.sentinels[1..] {
            sentinel.command(&["SENTINEL", "SET", "sessions", "quorum", "4"]);
        }
    }

    /// Waits until this server follows the other one and every sentinel could promote it.
    #[track_caller]
    pub(crate) fn wait_for_follower(&self, server: usize) {
        eventually("the sentinels make it a replica", || {
            let info = self.servers[server].try_command(&["INFO", "replication"])?;
            let info: String = redis::from_redis_value(info).ok()?;
            info.contains("master_link_status:up").then_some(())
        });
        self.wait_until_known();
        eventually("every sentinel could promote it", || {
            let could = |sentinel: &Node| {
                let replicas = sentinel.try_command(&["SENTINEL", "REPLICAS", "sessions"])?;
                let replicas: Vec<Vec<String>> = redis::from_redis_value(replicas).ok()?;
                let is = |name: &str, value: &str| {
                    let pair = |pair: &[String]| pair[0] == name && pair[1] == value;
                    replicas.concat().chunks_exact(2).any(pair)
                };
                (is("flags", "slave") && is("master-link-status", "ok")).then_some(())
            };
            self.sentinels
                .iter()
                .all(|sentinel| could(sentinel).is_some())
                .then_some(())
        });
    }

    /// Has the sentinels promote the replica although the master is well.
    #[track_caller]
    pub(crate) fn change_over(&self) {
        self.sentinels[0].command(&["SENTINEL", "FAILOVER", "sessions"]);
    }

    /// What `SENTINEL MASTER` says under this name.
    fn detail(&self, sentinel: &Node, name: &str) -> Option<String> {
        let reply = sentinel.try_command(&["SENTINEL", "MASTER", "sessions"])?;
        let fields: Vec<String> = redis::from_redis_value(reply).ok()?;
        let at = fields.iter().position(|field| field == name)?;
        fields.get(at + 1).cloned()
    }

    /// Waits until every sentinel names this server.
    #[track_caller]
    pub(crate) fn wait_for_master(&self, server: usize) {
        let port = self.servers[server].port().to_string();
        eventually("the sentinels agree on the new master", || {
            let names = |sentinel: &Node| self.detail(sentinel, "port") == Some(port.clone());
            self.sentinels.iter().all(names).then_some(())
        });
        eventually("it is a master", || {
            self.servers[server].has_role("master").then_some(())
        });
    }
}
