//! Sessions behind sentinels: a failover is followed within seconds, logs nobody out, and revives no revoked session.

use crate::harness::{
    ASKER, PASSWORD, SENTINEL_PASSWORD, Sentinels, Stack, WATCHER, eventually, record, stack,
};
use serde_json::Value;

/// Entries are trusted for an hour: whatever is noticed before was pushed, or asked for again.
const CONFIG: &str = "
sessions:
  web:
    redis:
      sentinel:
        master: sessions
        nodes: ['127.0.0.1:${SENTINEL_0}', '127.0.0.1:${SENTINEL_1}', '127.0.0.1:${SENTINEL_2}']
        username: ${ASKER}
        password: {env: SENTINEL_PASSWORD}
      password: {env: PASSWORD}
      timeout: {connect: 300ms}
cache: {ttl: 1h, negative_ttl: 1h, stale_if_error: 1h}
routes: [{upstream: 'unix:app.sock', identity: skygear, require: session}]
";

/// A gateway that holds the sessions `kept` and `revoked`.
fn running(set: &Sentinels) -> Stack {
    let mut builder = stack(CONFIG)
        .env("PASSWORD", PASSWORD)
        .env("ASKER", ASKER)
        .env("SENTINEL_PASSWORD", SENTINEL_PASSWORD);
    for (at, sentinel) in set.sentinels.iter().enumerate() {
        builder = builder.env(&format!("SENTINEL_{at}"), &sentinel.port().to_string());
    }
    let stack = builder.start();
    for token in ["kept", "revoked"] {
        set.servers[0].put(token, &record(token));
        expect_remembered(&stack, token, 200);
    }
    set.servers[0].wait_until_copied();
    stack
}

fn start(folder: &tempfile::TempDir) -> (Sentinels, Stack) {
    let set = Sentinels::start(folder.path());
    let stack = running(&set);
    (set, stack)
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("scratch")
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

/// The source as the status page has it.
fn source(stack: &Stack) -> Value {
    let page = stack.admin("/status.json").text();
    let page: Value = serde_json::from_str(&page).expect("JSON");
    page["sources"][0].clone()
}

/// Waits until changes are announced by this server; the known session goes on all the while.
#[track_caller]
fn expect_followed(stack: &Stack, set: &Sentinels, server: usize) {
    let address = set.servers[server].address();
    eventually("the gateway follows", || {
        assert_eq!(status(stack, "kept"), 200, "nobody is logged out");
        let source = source(stack);
        let follows = source["servers"][0]["address"] == address.as_str();
        (follows && source["up"] == true && source["revocation"]["announced"] == true).then_some(())
    });
}

/// What holds once the new master is in use: `revoked` was deleted there before.
#[track_caller]
fn assert_new_master_is_believed(stack: &Stack, set: &Sentinels, server: usize) {
    assert_eq!(
        status(stack, "revoked"),
        401,
        "the first answer of the new master"
    );
    assert_eq!(status(stack, "kept"), 200);
    set.servers[server].put("login", &record("login"));
    expect_remembered(stack, "login", 200);
    set.servers[server].remove("login");
    expect_remembered(stack, "login", 401);
    assert_eq!(status(stack, "revoked"), 401);
}

#[test]
fn a_killed_master_is_followed_to_its_successor() {
    let folder = scratch();
    let (mut set, stack) = start(&folder);
    let shown = source(&stack);
    assert!(
        shown["address"]
            .as_str()
            .is_some_and(|text| text.starts_with("sentinel sessions of 127.0.0.1:")),
        "{shown}"
    );
    let live = stack.command(&["check", "--live", "gate.yaml"]);
    assert_eq!(live.status.code(), Some(0), "{live:?}");

    set.servers[0].remove("revoked");
    expect_remembered(&stack, "revoked", 401);
    set.servers[0].put("revoked", &record("revoked"));
    expect_remembered(&stack, "revoked", 200);
    set.servers[0].wait_until_copied();

    set.servers[0].kill();
    set.wait_for_master(1);
    set.servers[1].remove("revoked");
    expect_followed(&stack, &set, 1);
    assert_new_master_is_believed(&stack, &set, 1);
    let told = format!("the master is {} now", set.servers[1].address());
    assert!(stack.gateway.output().contains(&told), "{told}");

    set.servers[1].kill();
    let live = stack.command(&["check", "--live", "gate.yaml"]);
    assert_eq!(live.status.code(), Some(1), "{live:?}");
}

#[test]
fn a_frozen_master_is_left_and_not_returned_to_when_it_thaws() {
    let folder = scratch();
    let (set, stack) = start(&folder);
    set.servers[0].freeze();
    set.wait_for_master(1);
    set.servers[1].remove("revoked");
    expect_followed(&stack, &set, 1);
    assert_new_master_is_believed(&stack, &set, 1);
    // For a moment it believes to be the master still.
    set.servers[0].thaw();
    eventually("the sentinels make it a replica", || {
        assert_eq!(status(&stack, "revoked"), 401);
        assert_eq!(status(&stack, "kept"), 200);
        set.servers[0].has_role("slave").then_some(())
    });
    expect_followed(&stack, &set, 1);
}

#[test]
fn a_master_that_only_the_sentinels_have_lost_is_left_although_it_takes_writes() {
    let folder = scratch();
    let (set, stack) = start(&folder);
    // To the sentinels it is gone, and they cannot demote it.
    set.servers[0].command(&["ACL", "SETUSER", WATCHER, "off"]);
    set.servers[0].command(&["CLIENT", "KILL", "USER", WATCHER]);
    set.wait_for_master(1);
    set.servers[1].remove("revoked");
    expect_followed(&stack, &set, 1);
    assert_new_master_is_believed(&stack, &set, 1);
    let old = set.servers[0].command(&["INFO", "replication"]);
    assert!(old.contains("role:master"), "it never heard of it: {old}");
    assert!(stack.gateway.output().contains("the sentinels name"));
}

#[test]
fn sentinels_that_are_away_at_the_start_or_later_hurt_nobody() {
    let folder = scratch();
    let (mut set, stack) = start(&folder);
    for sentinel in &mut set.sentinels {
        sentinel.kill();
    }
    set.servers[0].remove("revoked");
    expect_remembered(&stack, "revoked", 401);
    set.servers[0].put("login", &record("login"));
    expect_remembered(&stack, "login", 200);
    expect_followed(&stack, &set, 0);
}
