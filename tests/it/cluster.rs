//! Sessions in a cluster: masters are killed, frozen and changed, slots move; nobody is logged out or let in by it.

use crate::harness::{Cluster, Stack, eventually, record, sha256_hex, stack};
use serde_json::Value;
use tempfile::TempDir;

/// Entries are trusted for an hour: whatever is noticed before was pushed, or asked for again.
const CONFIG: &str = "
sessions:
  web: {redis: {cluster: ['127.0.0.1:${NODE_0}', '127.0.0.1:${NODE_4}'], timeout: {connect: 300ms}}}
cache: {ttl: 1h, negative_ttl: 1h, stale_if_error: 1h}
routes: [{upstream: 'unix:app.sock', identity: skygear, require: session}]
";

fn start(folder: &TempDir) -> (Cluster, Stack) {
    let cluster = Cluster::start(folder.path());
    let mut builder = stack(CONFIG);
    for (at, node) in cluster.nodes.iter().enumerate() {
        builder = builder.env(&format!("NODE_{at}"), &node.port().to_string());
    }
    (cluster, builder.start())
}

fn scratch() -> TempDir {
    tempfile::tempdir().expect("scratch")
}

fn key(token: &str) -> String {
    format!("session:{}", sha256_hex(token))
}

/// The status of the answer; a session that is let in is told as its own user and no other.
#[track_caller]
fn status(stack: &Stack, token: &str) -> u16 {
    let reply = stack.get("/").bearer(token).send();
    if reply.status == 200 {
        assert_eq!(reply.seen().one("x-skygear-user-id"), Some(token));
    }
    reply.status
}

#[track_caller]
fn expect_remembered(stack: &Stack, token: &str, expected: u16) {
    eventually(&format!("{token} is answered {expected}"), || {
        (status(stack, token) == expected).then_some(())
    });
    assert_eq!(status(stack, token), expected, "{token}");
}

/// A session that is written now is known, and is refused when it is removed.
#[track_caller]
fn expect_login_and_logout(stack: &Stack, cluster: &Cluster, token: &str) {
    cluster.put(token, &record(token));
    expect_remembered(stack, token, 200);
    cluster.remove(token);
    expect_remembered(stack, token, 401);
}

fn source(stack: &Stack) -> Value {
    let page = stack.admin("/status.json").text();
    let page: Value = serde_json::from_str(&page).expect("JSON");
    page["sources"][0].clone()
}

/// Waits until these nodes are the masters in use and all of them announce changes. Known sessions go on meanwhile.
#[track_caller]
fn expect_masters(stack: &Stack, cluster: &Cluster, masters: [usize; 3], kept: &[String]) {
    let mut expected = masters.map(|node| cluster.nodes[node].address());
    expected.sort();
    eventually("the masters are in use", || {
        for token in kept {
            assert_eq!(status(stack, token), 200, "{token} is not logged out");
        }
        let source = source(stack);
        let servers = source["servers"].as_array()?;
        let mut addresses: Vec<_> = servers.iter().map(|one| one["address"].as_str()).collect();
        addresses.sort_unstable();
        let is_whole = source["up"] == true && source["revocation"]["announced"] == true;
        let are_they = addresses.iter().flatten().eq(expected.iter());
        (are_they && is_whole).then_some(())
    });
}

/// A session at each master, remembered by the gateway.
fn known(stack: &Stack, cluster: &Cluster, word: &str) -> Vec<String> {
    let tokens: Vec<String> = (0..3).map(|at| Cluster::token_at(word, at)).collect();
    for token in &tokens {
        cluster.put(token, &record(token));
        expect_remembered(stack, token, 200);
    }
    for master in &cluster.nodes[..3] {
        master.wait_until_copied();
    }
    tokens
}

#[test]
fn masters_that_are_killed_or_frozen_are_followed_to_their_replicas() {
    let folder = scratch();
    let (mut cluster, stack) = start(&folder);
    let kept = known(&stack, &cluster, "kept");
    let revoked = known(&stack, &cluster, "revoked");
    expect_masters(&stack, &cluster, [0, 1, 2], &kept);
    for master in 0..3 {
        let token = Cluster::token_at("login", master);
        expect_login_and_logout(&stack, &cluster, &token);
    }
    let live = stack.command(&["check", "--live", "gate.yaml"]);
    assert_eq!(live.status.code(), Some(0), "{live:?}");

    cluster.nodes[0].kill();
    let elsewhere = Cluster::token_at("while-one-is-down", 1);
    expect_login_and_logout(&stack, &cluster, &elsewhere);
    cluster.wait_for_master(3);
    cluster.remove(&revoked[0]);
    expect_masters(&stack, &cluster, [3, 1, 2], &kept);
    assert_eq!(
        status(&stack, &revoked[0]),
        401,
        "the first answer of the new master"
    );
    expect_login_and_logout(&stack, &cluster, &Cluster::token_at("after-the-kill", 0));

    cluster.nodes[1].freeze();
    cluster.wait_for_master(4);
    cluster.remove(&revoked[1]);
    expect_masters(&stack, &cluster, [3, 4, 2], &kept);
    assert_eq!(
        status(&stack, &revoked[1]),
        401,
        "the first answer of the new master"
    );
    // For a moment it believes to be the master still.
    cluster.nodes[1].thaw();
    eventually("the old master follows the new one", || {
        assert_eq!(status(&stack, &revoked[1]), 401);
        cluster.nodes[1].has_role("slave").then_some(())
    });
    expect_masters(&stack, &cluster, [3, 4, 2], &kept);
    expect_login_and_logout(&stack, &cluster, &Cluster::token_at("after-the-thaw", 1));
    for token in &revoked[..2] {
        assert_eq!(status(&stack, token), 401, "{token}");
    }
    assert_eq!(status(&stack, &revoked[2]), 200, "it was never revoked");
}

#[test]
fn slots_that_move_keep_their_sessions_and_their_revocations() {
    let folder = scratch();
    let (cluster, stack) = start(&folder);
    let kept = known(&stack, &cluster, "kept");
    let (moved, revoked) = (&kept[0], Cluster::token_beside("revoked", &kept[0]));
    cluster.put(&revoked, &record(&revoked));
    expect_remembered(&stack, &revoked, 200);
    let arriving = Cluster::token_beside("arriving", moved);
    expect_remembered(&stack, &arriving, 401);

    let (source, target) = (&cluster.nodes[0], &cluster.nodes[1]);
    let slot = source.command(&["CLUSTER", "KEYSLOT", &key(moved)]);
    let ids = [source, target].map(|node| node.command(&["CLUSTER", "MYID"]));
    target.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]]);
    source.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[1]]);
    // Who logs in meanwhile is written where the slot goes.
    target.ask(&["SET", &key(&arriving), &record(&arriving).to_string()]);
    expect_remembered(&stack, &arriving, 200);
    let port = target.port().to_string();
    for token in [moved, &revoked] {
        assert_eq!(status(&stack, token), 200);
        source.command(&["MIGRATE", "127.0.0.1", &port, &key(token), "0", "1000"]);
        expect_remembered(&stack, token, 200);
    }
    assert_eq!(target.ask(&["DEL", &key(&revoked)]), "1");
    expect_remembered(&stack, &revoked, 401);

    target.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]);
    source.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]);
    for token in [moved, &arriving] {
        assert_eq!(status(&stack, token), 200, "{token}");
    }
    cluster.remove(&arriving);
    expect_remembered(&stack, &arriving, 401);
    let fresh = Cluster::token_beside("fresh", moved);
    expect_login_and_logout(&stack, &cluster, &fresh);

    // A change of roles that both masters take part in.
    cluster.nodes[5].command(&["CLUSTER", "FAILOVER"]);
    cluster.wait_for_master(5);
    expect_masters(&stack, &cluster, [0, 1, 5], &kept);
    expect_login_and_logout(&stack, &cluster, &Cluster::token_at("after-the-change", 2));
    assert_eq!(status(&stack, &revoked), 401);
}
