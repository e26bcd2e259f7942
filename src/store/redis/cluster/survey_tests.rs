//! Which chart is believed, and what becomes of the members. Nobody answers at these addresses.

use super::chart::{self, Chart};
use super::fleet::Fleet;
use super::member::Crew;
use super::standing::Standing;
use super::survey::Surveyor;
use crate::store::confluence::Confluence;
use crate::store::redis::test_server::TestServer;
use crate::store::settings::RedisNode;
use redis::{Value, cmd, pipe};
use std::sync::Arc;
use tokio::sync::watch;

/// Halves of the slots, from the first port to the second.
const HALVES: [(i64, i64, i64); 2] = [(0, 8191, 1), (8192, 16383, 2)];

#[tokio::test]
async fn an_older_chart_is_believed_of_a_majority_alone() {
    let mut office = Office::open();
    let cases = [
        ("the first", 5, false, 1, true),
        ("a newer one", 6, false, 3, true),
        ("an older one", 5, false, 4, false),
        ("one of the same age", 6, false, 4, true),
        ("an older one of a majority", 2, true, 5, true),
    ];
    for (name, epoch, of_a_majority, port, is_believed) in cases {
        let chart = chart(epoch, &[(0, 16383, port)]);
        office.surveyor.adopt(chart, of_a_majority).expect(name);
        let masters = &office.fleet().chart.masters;
        assert_eq!(masters == &[node(port)], is_believed, "{name}: {masters:?}");
    }
}

#[tokio::test]
async fn members_stay_while_their_node_and_their_canarys_slot_do() {
    let mut office = Office::open();
    let mut numbers = |epoch, ranges: &[(i64, i64, i64)]| {
        office
            .surveyor
            .adopt(chart(epoch, ranges), true)
            .expect("a fleet");
        let members = &office.fleet().members;
        members
            .iter()
            .map(|member| (member.node.port, member.number))
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(1, &HALVES), [(1, 1), (2, 2)]);
    let swapped = [HALVES[1], HALVES[0]];
    assert_eq!(
        numbers(1, &swapped),
        [(2, 2), (1, 1)],
        "the same, in another order"
    );
    let third = [HALVES[0], (8192, 16383, 3)];
    assert_eq!(numbers(2, &third), [(1, 1), (3, 3)], "a failover");
    let exchanged = [(0, 8191, 3), (8192, 16383, 1)];
    assert_eq!(
        numbers(3, &exchanged),
        [(3, 4), (1, 5)],
        "no canary is at home"
    );
}

#[tokio::test]
async fn commands_are_sorted_by_the_slots_of_their_keys() {
    let mut office = Office::open();
    let gap = [(0, 8191, 1), (8192, 12181, 2), (12183, 16383, 2)];
    office
        .surveyor
        .adopt(chart(1, &gap), true)
        .expect("a fleet");
    let fleet = office.fleet();
    let mut question = pipe();
    // Slots 12739, 0 and 4015; the message goes anywhere.
    question
        .cmd("GET")
        .arg("123456789")
        .cmd("GET")
        .arg("")
        .cmd("PTTL")
        .arg("123456789");
    question
        .cmd("GET")
        .arg("foo{{bar}}")
        .cmd("PUBLISH")
        .arg("channel")
        .arg("text");
    let parts = fleet.parts(&question).expect("every slot has a master");
    let sorted: Vec<_> = parts
        .iter()
        .map(|part| (part.member.node.port, part.positions.as_slice()))
        .collect();
    assert_eq!(sorted, [(2, [0, 2].as_slice()), (1, [1, 3, 4].as_slice())]);
    let mut unserved = pipe();
    unserved.add_command(cmd("GET").arg("foo").clone());
    let fault = fleet
        .parts(&unserved)
        .err()
        .expect("slot 12182 has no master");
    assert!(fault.detail.contains("no master"), "{fault}");
}

/// A surveyor whose standing can be seen.
struct Office {
    surveyor: Surveyor,
    standing: Arc<watch::Sender<Standing>>,
}

impl Office {
    fn open() -> Self {
        let crew = Arc::new(Crew {
            store: "web".into(),
            settings: TestServer::prepare().settings(),
            tls: None,
            confluence: Arc::new(Confluence::default()),
        });
        let standing = Arc::new(watch::Sender::new(Standing::Unknown));
        Self {
            surveyor: Surveyor::new(crew, vec![node(1)], Arc::clone(&standing)),
            standing,
        }
    }

    fn fleet(&self) -> Arc<Fleet> {
        self.standing.borrow().fleet().expect("a fleet")
    }
}

fn chart(epoch: u64, ranges: &[(i64, i64, i64)]) -> Chart {
    let range = |(first, last, port): &(i64, i64, i64)| {
        let master = vec![Value::BulkString(b"127.0.0.1".to_vec()), Value::Int(*port)];
        Value::Array(vec![
            Value::Int(*first),
            Value::Int(*last),
            Value::Array(master),
        ])
    };
    let info = format!("cluster_current_epoch:{epoch}\r\n").into_bytes();
    let slots = Value::Array(ranges.iter().map(range).collect());
    let replies = vec![Value::BulkString(info), slots];
    chart::understand(&node(1), replies).expect("a chart")
}

fn node(port: i64) -> RedisNode {
    RedisNode {
        host: "127.0.0.1".to_owned(),
        port: u16::try_from(port).expect("a port"),
    }
}
