//! `Cluster`: three masters and a replica of each.

use super::gateway::free_port;
use super::node::{Node, key};
use super::wait::eventually;
use redis::cluster_routing::Slot;
use serde_json::Value;
use std::path::Path;

/// Node `n + 3` is the replica of master `n`, to begin with.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
}

const MASTERS: usize = 3;
const SLOTS: u16 = 16_384;

impl Cluster {
    /// Started; every node knows every other and every replica follows.
    pub(crate) fn start(folder: &Path) -> Self {
        let buses: Vec<u16> = (0..2 * MASTERS).map(|_| free_port()).collect();
        let start = |bus: &u16| {
            let options = format!(
                "--cluster-enabled yes --cluster-port {bus} --cluster-node-timeout 2000 \
                 --cluster-require-full-coverage no --repl-diskless-sync-delay 0"
            );
            Node::start(folder, &options)
        };
        let cluster = Self {
            nodes: buses.iter().map(start).collect(),
        };
        // A node takes an epoch only as long as it knows no other.
        for (at, node) in cluster.nodes.iter().enumerate() {
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(at + 1).to_string()]);
        }
        for (at, (node, bus)) in cluster.nodes.iter().zip(&buses).enumerate() {
            let (port, bus) = (node.port().to_string(), bus.to_string());
            // Each by all before it: gossip alone takes seconds on a busy machine.
            for known in &cluster.nodes[..at] {
                known.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
            }
        }
        let slots_each = usize::from(SLOTS).div_ceil(MASTERS);
        for (at, master) in cluster.nodes.iter().take(MASTERS).enumerate() {
            let first = (at * slots_each).to_string();
            let last = ((at + 1) * slots_each).min(usize::from(SLOTS)) - 1;
            master.command(&["CLUSTER", "ADDSLOTSRANGE", &first, &last.to_string()]);
        }
        cluster.wait_for_all("cluster_known_nodes:6");
        cluster.wait_for_all("cluster_slots_assigned:16384");
        for at in 0..MASTERS {
            let id = cluster.nodes[at].command(&["CLUSTER", "MYID"]);
            cluster.nodes[at + MASTERS].command(&["CLUSTER", "REPLICATE", &id]);
        }
        cluster.wait_for_all("cluster_state:ok");
        for at in 0..MASTERS {
            cluster.wait_for_follower(at, at + MASTERS);
        }
        cluster
    }

    fn wait_for_all(&self, words: &str) {
        eventually(&format!("every node says {words}"), || {
            let says = |node: &Node| node.command(&["CLUSTER", "INFO"]).contains(words);
            self.nodes.iter().all(says).then_some(())
        });
    }

    /// Waits until all see this node follow that one.
    #[track_caller]
    pub(crate) fn wait_for_follower(&self, master: usize, replica: usize) {
        let port = self.nodes[master].port();
        let (of, here) = (format!("master_port:{port}"), "master_link_status:up");
        eventually("the replica follows", || {
            let info = self.nodes[replica].command(&["INFO", "replication"]);
            (info.contains(here) && info.contains(&of)).then_some(())
        });
    }

    /// Waits until this node is a master.
    #[track_caller]
    pub(crate) fn wait_for_master(&self, node: usize) {
        eventually("the replica is promoted", || {
            self.nodes[node].has_role("master").then_some(())
        });
    }

    /// A token, not used before with this word, whose session lies at this master of the beginning.
    pub(crate) fn token_at(word: &str, master: usize) -> String {
        let slots_each = SLOTS.div_ceil(3);
        let first = u16::try_from(master).expect("small") * slots_each;
        let last = (first + slots_each).min(SLOTS);
        let lies_there = |slot| (first..last).any(|own| Slot::new(own) == Some(slot));
        Self::token_in(word, lies_there)
    }

    /// A token whose session lies in the same slot as that of another one.
    pub(crate) fn token_beside(word: &str, other: &str) -> String {
        Self::token_in(word, |slot| slot == Slot::for_key(key(other)))
    }

    fn token_in(word: &str, lies_there: impl Fn(Slot) -> bool) -> String {
        (0..)
            .map(|number: u32| format!("{word}-{number}"))
            .find(|token| lies_there(Slot::for_key(key(token))))
            .expect("one in sixteen thousand")
    }

    /// Writes a session at whichever node takes it.
    #[track_caller]
    pub(crate) fn put(&self, token: &str, record: &Value) {
        let set = ["SET", &key(token), &record.to_string()];
        let mut nodes = self.nodes.iter();
        let taken = nodes.any(|node| node.try_command(&set).is_some());
        assert!(taken, "no node takes {token}");
    }

    /// Runs a command with a key at whichever node takes it, and gives its reply.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> redis::Value {
        let mut nodes = self.nodes.iter();
        let reply = nodes.find_map(|node| node.try_command(words));
        reply.unwrap_or_else(|| panic!("no node takes {words:?}"))
    }

    /// Removes a session where it is; it must be there.
    #[track_caller]
    pub(crate) fn remove(&self, token: &str) {
        let del = ["DEL", &key(token)];
        let mut nodes = self.nodes.iter();
        let removed = nodes.any(|node| node.try_command(&del) == Some(redis::Value::Int(1)));
        assert!(removed, "no node has {token}");
    }
}
