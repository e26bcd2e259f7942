//! What nodes say of their cluster, and what is made of it.

use super::chart::{Chart, understand};
use crate::store::contract::{StoreError, StoreFault};
use crate::store::settings::RedisNode;
use redis::cluster_routing::Slot;
use redis::{Value, parse_redis_value};

const INFO: &str = "$48\r\ncluster_state:ok\r\ncluster_current_epoch:7\r\nx:1\r\n\r\n";

#[test]
fn keys_lie_in_the_slots_that_redis_documents() {
    // CLUSTER KEYSLOT of a real server.
    let cases = [
        ("123456789", 12739),
        ("foo", 12182),
        ("{foo}bar", 12182),
        ("x{foo}{bar}", 12182),
        ("foo{}bar", 14292),
        ("foo{{bar}}", 4015),
        ("", 0),
    ];
    for (key, slot) in cases {
        assert_eq!(Some(Slot::for_key(key)), Slot::new(slot), "{key}");
    }
}

#[test]
fn a_chart_has_masters_replicas_and_slots() {
    let chart = chart(&ranges(&[
        "*4\r\n:0\r\n:9\r\n*2\r\n$2\r\nh1\r\n:7001\r\n*2\r\n$2\r\nh2\r\n:7002\r\n",
        "*3\r\n:10\r\n:16383\r\n*3\r\n$0\r\n\r\n:7003\r\n$2\r\nid\r\n",
        "*3\r\n:11\r\n:11\r\n*2\r\n_\r\n:7004\r\n",
        "*3\r\n:12\r\n:12\r\n*2\r\n$2\r\nh1\r\n:7001\r\n",
    ]))
    .expect("a chart");
    assert_eq!(chart.epoch, 7);
    let masters = [node("h1", 7001), node("asked", 7003), node("asked", 7004)];
    assert_eq!(chart.masters, masters);
    assert_eq!(chart.replicas, [node("h2", 7002)]);
    for (slot, owner) in [(0, 0), (9, 0), (10, 1), (11, 2), (12, 0), (16383, 1)] {
        let seen = chart.owner(Slot::new(slot).expect("a slot"));
        assert_eq!(seen, Some(owner), "{slot}");
    }
    for master in 0..3 {
        let (tag, slot) = chart.tag_of(master, u32::MAX).expect("a tag");
        assert_eq!(chart.owner(slot), Some(master));
        let key = format!("sessiongate:canary:0123{tag}");
        assert_eq!(Slot::for_key(key), slot, "{tag}");
    }
    assert_eq!(chart.tag_of(3, 0), None);
}

#[test]
fn what_is_no_chart_is_a_fault() {
    let good = ranges(&["*3\r\n:0\r\n:9\r\n*2\r\n$2\r\nh1\r\n:7001\r\n"]);
    assert!(chart(&good).is_ok());
    let cases = [
        ("no slots", "*0\r\n".to_owned()),
        ("not a list", ":1\r\n".to_owned()),
        ("not a range", ranges(&[":1\r\n"])),
        ("half a range", ranges(&["*2\r\n:0\r\n:9\r\n"])),
        ("no port", ranges(&["*3\r\n:0\r\n:9\r\n*1\r\n$2\r\nh1\r\n"])),
        (
            "port 0",
            ranges(&["*3\r\n:0\r\n:9\r\n*2\r\n$2\r\nh1\r\n:0\r\n"]),
        ),
        (
            "slot 16384",
            ranges(&["*3\r\n:0\r\n:16384\r\n*2\r\n$2\r\nh1\r\n:7001\r\n"]),
        ),
        (
            "slot -1",
            ranges(&["*3\r\n:-1\r\n:9\r\n*2\r\n$2\r\nh1\r\n:7001\r\n"]),
        ),
        (
            "not UTF-8",
            ranges(&["*3\r\n:0\r\n:9\r\n*2\r\n:1\r\n:7001\r\n"]),
        ),
    ];
    for (name, said) in cases {
        let fault = chart(&said).expect_err(name);
        assert_eq!(fault.kind, StoreFault::Unavailable, "{name}: {fault}");
    }
    let refused = [
        (
            "-ERR This instance has cluster support disabled\r\n",
            "name it with `url`",
        ),
        ("-NOPERM x\r\n", "+cluster|slots"),
        ("-NOAUTH x\r\n", "wants a password"),
        (":1\r\n", "not a reply"),
        ("$2\r\nx:\r\n", "not a reply"),
    ];
    for (info, words) in refused {
        let replies = vec![value(info), value(&good)];
        let fault = understand(&node("asked", 1), replies).expect_err(info);
        assert!(fault.detail.contains(words), "{info}: {fault}");
    }
}

fn chart(ranges: &str) -> Result<Chart, StoreError> {
    understand(&node("asked", 1), vec![value(INFO), value(ranges)])
}

fn ranges(of: &[&str]) -> String {
    format!("*{}\r\n{}", of.len(), of.concat())
}

fn node(host: &str, port: u16) -> RedisNode {
    let host = host.to_owned();
    RedisNode { host, port }
}

fn value(text: &str) -> Value {
    parse_redis_value(text.as_bytes()).expect(text)
}
