//! Commands of several slots in one go, against real nodes.

use crate::store::redis::cluster::ClusterLink;
use crate::store::redis::test_server::{TestServer, free_port, until};
use crate::store::redis::test_sink::{Fate, Recorder};
use crate::store::settings::{ClusterSettings, RedisNode, RedisSettings};
use redis::{Pipeline, Value, pipe};
use std::sync::Arc;

/// Slots 0, 4015, 12739 and 12182.
const KEYS: [&str; 4] = ["", "foo{{bar}}", "123456789", "foo"];

#[tokio::test]
async fn commands_for_several_nodes_are_answered_in_their_order() {
    let nodes = Nodes::start().await;
    let (link, heard) = nodes.link();
    let mut writes = pipe();
    for (at, key) in KEYS.iter().enumerate() {
        writes.cmd("SET").arg(key).arg(at);
    }
    writes.cmd("PUBLISH").arg("channel").arg("text");
    let replies = link.ask(&writes).await.expect("replies");
    assert_eq!(
        replies[..4],
        [Value::Okay, Value::Okay, Value::Okay, Value::Okay]
    );
    assert!(matches!(replies[4], Value::Int(_)), "{replies:?}");
    assert_eq!(link.ask(&reads()).await.expect("replies"), values());
    until("both masters vouch", async || link.feed().vouching).await;
    assert_eq!(heard.take_fate().last(), Some(&Fate::Restored));
    assert_eq!(link.states().len(), 2);
}

#[tokio::test]
async fn a_slot_that_goes_to_a_node_not_heard_of_before_is_followed_there() {
    let nodes = Nodes::start().await;
    let (link, heard) = nodes.link();
    for (at, key) in KEYS.iter().enumerate() {
        let mut write = pipe();
        write.cmd("SET").arg(key).arg(at);
        link.ask(&write).await.expect("a reply");
    }
    until("both masters vouch", async || link.feed().vouching).await;
    heard.take();
    nodes.move_slot("4015", "foo{{bar}}", 0, 2);
    assert_eq!(link.ask(&reads()).await.expect("replies"), values());
    assert_eq!(link.states().len(), 3);
    until("all three vouch", async || link.feed().vouching).await;
    let fate = heard.take_fate();
    assert_eq!(fate.first(), Some(&Fate::Lost), "{fate:?}");
    assert_eq!(fate.last(), Some(&Fate::Restored), "{fate:?}");
}

#[tokio::test]
async fn a_user_with_the_documented_rights_is_enough() {
    let nodes = Nodes::start().await;
    let rights = "~session:* ~sessiongate:canary:* +getrange +pttl +ping +client|tracking +set +del +cluster|info +cluster|slots +asking";
    for server in &nodes.servers {
        server.command(&format!("ACL SETUSER gate on >pw {rights}"));
    }
    let settings = nodes.servers[0].settings_of("gate", "pw");
    let (link, _) = link_as(&settings, vec![node(nodes.ports[0])]);
    let mut read = pipe();
    read.cmd("PTTL").arg("session:t");
    assert_eq!(link.ask(&read).await.expect("a reply"), [Value::Int(-2)]);
    until("both masters vouch", async || link.feed().vouching).await;
    for server in &nodes.servers {
        server.command("ACL SETUSER gate -cluster|slots");
    }
    let (link, _) = link_as(&settings, vec![node(nodes.ports[0])]);
    let fault = link.ask(&read).await.expect_err("no right to the map");
    assert!(fault.detail.contains("+cluster|slots"), "{fault}");
}

#[tokio::test]
async fn one_server_that_is_no_cluster_says_what_to_do() {
    let mut server = TestServer::prepare();
    let port = free_port();
    server.options(&["--port", &port.to_string()]);
    server.run().await;
    let (link, _) = link(&server, vec![node(port)]);
    let fault = link.ask(&reads()).await.expect_err("no cluster");
    assert!(fault.detail.contains("name it with `url`"), "{fault}");
    assert!(!link.is_up() && !link.feed().vouching);
}

fn reads() -> Pipeline {
    let mut reads = pipe();
    for key in KEYS {
        reads.cmd("GET").arg(key);
    }
    reads
}

fn values() -> Vec<Value> {
    let value = |at: usize| Value::BulkString(at.to_string().into_bytes());
    (0..KEYS.len()).map(value).collect()
}

/// Three nodes; the first two have half of the slots each.
struct Nodes {
    servers: Vec<TestServer>,
    ports: Vec<u16>,
}

impl Nodes {
    async fn start() -> Self {
        let mut nodes = Self {
            servers: Vec::new(),
            ports: Vec::new(),
        };
        for _ in 0..3 {
            let (port, bus) = (free_port().to_string(), free_port().to_string());
            let mut server = TestServer::prepare();
            server.options(&["--port", &port, "--cluster-port", &bus]);
            server.options(&["--cluster-enabled", "yes", "--bind", "127.0.0.1"]);
            // Nodes tell each other of the others the sooner.
            server.options(&["--cluster-node-timeout", "5000"]);
            server.run().await;
            for known in &nodes.servers {
                known.command(&format!("CLUSTER MEET 127.0.0.1 {port} {bus}"));
            }
            nodes.servers.push(server);
            nodes.ports.push(port.parse().expect("a port"));
        }
        nodes.servers[0].command("CLUSTER ADDSLOTSRANGE 0 8191");
        nodes.servers[1].command("CLUSTER ADDSLOTSRANGE 8192 16383");
        for words in ["cluster_known_nodes:3", "cluster_state:ok"] {
            until(words, async || {
                let mut servers = nodes.servers.iter();
                servers.all(|server| server.command("CLUSTER INFO").contains(words))
            })
            .await;
        }
        nodes
    }

    /// A link that knows the first node alone, and its listener.
    fn link(&self) -> (ClusterLink, Arc<Recorder>) {
        link(&self.servers[0], vec![node(self.ports[0])])
    }

    fn move_slot(&self, slot: &str, key: &str, from: usize, to: usize) {
        let id = |at: usize| {
            let reply = self.servers[at].command("CLUSTER MYID");
            reply.split('"').nth(1).expect("quoted").to_owned()
        };
        let (source, target) = (&self.servers[from], &self.servers[to]);
        target.command(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", id(from)));
        source.command(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", id(to)));
        source.command(&format!(
            "MIGRATE 127.0.0.1 {} {key} 0 1000",
            self.ports[to]
        ));
        target.command(&format!("CLUSTER SETSLOT {slot} NODE {}", id(to)));
        source.command(&format!("CLUSTER SETSLOT {slot} NODE {}", id(to)));
    }
}

fn link(server: &TestServer, nodes: Vec<RedisNode>) -> (ClusterLink, Arc<Recorder>) {
    link_as(&server.settings(), nodes)
}

fn link_as(settings: &RedisSettings, nodes: Vec<RedisNode>) -> (ClusterLink, Arc<Recorder>) {
    let cluster = ClusterSettings { nodes, tls: None };
    let link = ClusterLink::new("web", &cluster, settings).expect("good settings");
    let heard = Arc::new(Recorder::default());
    link.watch(heard.clone());
    (link, heard)
}

fn node(port: u16) -> RedisNode {
    RedisNode {
        host: "127.0.0.1".to_owned(),
        port,
    }
}
