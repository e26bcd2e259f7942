//! R9: orders of events between a question to Redis, its answer, a change and its push, made certain by a proxy between
//! the gateway and Redis. Replies and pushes share one connection, so no push can overtake an answer.

use crate::harness::{Connection, Reply, Stack, What, eventually, record, stack};

/// Entries and absences are trusted for a minute: what holds earlier was pushed, or was lost with the connection.
const CONFIG: &str = "
sessions: {redis: {url: '${REDIS}', timeout: {reply: 10s}}}
cache: {ttl: 60s, negative_ttl: 60s, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
";

fn running() -> Stack {
    stack(CONFIG).redis_proxied().start()
}

fn status(stack: &Stack, token: &str) -> u16 {
    stack.get("/").bearer(token).send().status
}

/// Sends a request whose answer is read later.
fn ask(stack: &Stack, token: &str) -> Connection {
    let mut connection = stack.connect();
    connection.send(stack.get("/").bearer(token).bytes());
    connection
}

/// Waits until it is answered so, and then always.
#[track_caller]
fn expect_from_now_on(stack: &Stack, token: &str, expected: u16) {
    eventually(&format!("{token} is answered {expected}"), || {
        (status(stack, token) == expected).then_some(())
    });
    for _ in 0..10 {
        assert_eq!(status(stack, token), expected, "{token}, once {expected}");
    }
}

/// A session that is served without asking Redis.
#[track_caller]
fn make_known(stack: &Stack, token: &str) {
    stack.redis().put(token, &record("u-17"));
    eventually(&format!("{token} is remembered"), || {
        let before = stack.proxy().reads(token);
        (status(stack, token) == 200 && stack.proxy().reads(token) == before).then_some(())
    });
}

/// A connection on which something is held for longer than a second is given up, and its questions fail with it.
#[track_caller]
fn assert_answered(stack: &Stack, connections: u64, reply: &Reply, expected: u16) {
    if stack.proxy().connections() == connections {
        assert_eq!(reply.status, expected);
    } else {
        assert!(
            [expected, 401, 503].contains(&reply.status),
            "{}",
            reply.status
        );
    }
}

/// Writes a session, and waits until the gateway has heard of it.
#[track_caller]
fn put(stack: &Stack, token: &str) {
    let before = announced_changes(stack);
    stack.redis().put(token, &record("u-17"));
    expect_another_change(stack, before);
}

fn announced_changes(stack: &Stack) -> f64 {
    stack.metric("sessiongate_cache_invalidations_total{origin=\"tracking\"}")
}

#[track_caller]
fn expect_another_change(stack: &Stack, before: f64) {
    eventually("the change has been announced", || {
        (announced_changes(stack) > before).then_some(())
    });
}

/// Waits until the gateway has noticed that it was disconnected and is connected again.
#[track_caller]
fn expect_reconnection(stack: &Stack, connections: u64) {
    eventually("the gateway connects again", || {
        (stack.proxy().connections() > connections).then_some(())
    });
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 1.0);
}

#[test]
fn a_session_read_before_its_revocation_and_answered_after_it_is_not_remembered() {
    let stack = running();
    let connections = stack.proxy().connections();
    put(&stack, "token-a");
    stack.proxy().hold(What::answer("token-a"));
    let mut early = ask(&stack, "token-a");
    stack.proxy().wait_for(&What::answer("token-a"));
    stack.redis().remove("token-a");
    stack.proxy().wait_for(&What::push("token-a"));
    stack.proxy().release();
    assert_answered(&stack, connections, &early.reply(), 200);
    expect_from_now_on(&stack, "token-a", 401);
}

#[test]
fn a_question_that_fails_with_its_connection_is_put_to_the_next_one() {
    let soon = CONFIG
        .replace("reply: 10s", "reply: 4s")
        .replace("ttl: 60s, neg", "ttl: 1ms, neg");
    let stack = stack(&soon).redis_proxied().start();
    let connections = stack.proxy().connections();
    put(&stack, "token-a");
    assert_eq!(status(&stack, "token-a"), 200);
    stack.proxy().hold(What::answer("token-a"));
    let mut early = ask(&stack, "token-a");
    stack.proxy().wait_for(&What::answer("token-a"));
    // Held for so long that the connection is given up; the question waits on.
    expect_reconnection(&stack, connections);
    assert_eq!(
        early.reply().status,
        200,
        "a known session, and the store is back"
    );
}

#[test]
fn an_absence_read_before_the_login_and_answered_after_it_is_not_remembered() {
    let stack = running();
    let connections = stack.proxy().connections();
    stack.proxy().hold(What::answer("token-a"));
    let mut early = ask(&stack, "token-a");
    stack.proxy().wait_for(&What::answer("token-a"));
    stack.redis().put("token-a", &record("u-17"));
    stack.proxy().wait_for(&What::push("token-a"));
    stack.proxy().release();
    assert_answered(&stack, connections, &early.reply(), 401);
    expect_from_now_on(&stack, "token-a", 200);
}

#[test]
fn a_login_right_after_a_remembered_absence_is_seen() {
    let stack = running();
    assert_eq!(status(&stack, "token-a"), 401);
    let reads = stack.proxy().reads("token-a");
    assert_eq!(status(&stack, "token-a"), 401);
    assert_eq!(
        stack.proxy().reads("token-a"),
        reads,
        "the absence is remembered"
    );
    put(&stack, "token-a");
    assert_eq!(status(&stack, "token-a"), 200);
}

#[test]
fn an_answer_to_a_question_older_than_a_push_is_not_remembered() {
    let stack = running();
    put(&stack, "token-a");
    stack.proxy().hold(What::question("token-a"));
    let mut early = ask(&stack, "token-a");
    stack.proxy().wait_for(&What::question("token-a"));
    let before = announced_changes(&stack);
    stack.redis().put("token-a", &record("u-18"));
    expect_another_change(&stack, before);
    stack.proxy().release();
    assert_eq!(early.reply().user(), "u-18");
    let reads = stack.proxy().reads("token-a");
    assert_eq!(status(&stack, "token-a"), 200);
    assert_eq!(
        stack.proxy().reads("token-a"),
        reads + 1,
        "it is asked for again"
    );
}

#[test]
fn a_request_after_a_revocation_does_not_join_a_load_from_before_it() {
    let stack = running();
    put(&stack, "token-a");
    stack.proxy().hold(What::question("token-a"));
    let mut early = ask(&stack, "token-a");
    stack.proxy().wait_for(&What::question("token-a"));
    let before = announced_changes(&stack);
    stack.redis().remove("token-a");
    expect_another_change(&stack, before);
    let mut late = ask(&stack, "token-a");
    eventually("the late request asks for itself", || {
        (stack.proxy().reads("token-a") == 2).then_some(())
    });
    stack.proxy().release();
    assert_eq!((early.reply().status, late.reply().status), (401, 401));
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn what_a_broken_connection_had_still_to_say_is_told_to_nobody() {
    let stack = running();
    put(&stack, "token-a");
    stack.proxy().hold(What::answer("token-a"));
    let mut early = ask(&stack, "token-a");
    stack.proxy().wait_for(&What::answer("token-a"));
    stack.redis().remove("token-a");
    stack.proxy().cut();
    let early = early.reply().status;
    assert!([401, 503].contains(&early), "{early}");
    expect_from_now_on(&stack, "token-a", 401);
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn a_client_that_began_a_load_and_leaves_takes_nobodys_answer_with_it() {
    let stack = running();
    put(&stack, "token-a");
    stack.proxy().hold(What::answer("token-a"));
    let leader = ask(&stack, "token-a");
    stack.proxy().wait_for(&What::answer("token-a"));
    let mut others = [(); 3].map(|()| ask(&stack, "token-a"));
    stack.expect_metric("sessiongate_session_load_waiters", 3.0);
    drop(leader);
    stack.proxy().release();
    for other in &mut others {
        assert_eq!(other.reply().user(), "u-17");
    }
    assert_eq!(stack.proxy().reads("token-a"), 1);
}

#[test]
fn a_push_that_is_lost_with_the_connection_is_made_good_before_any_entry_is_used() {
    let stack = running();
    make_known(&stack, "token-a");
    make_known(&stack, "token-b");
    stack.proxy().hold(What::push("token-a"));
    stack.redis().remove("token-a");
    stack.proxy().wait_for(&What::push("token-a"));
    let connections = stack.proxy().connections();
    stack.proxy().cut();
    expect_reconnection(&stack, connections);
    let before = stack.upstream.count();
    assert_eq!(
        status(&stack, "token-a"),
        401,
        "the first answer after the reconnection"
    );
    assert_eq!(stack.upstream.count(), before);
    assert_eq!(status(&stack, "token-b"), 200);
    expect_from_now_on(&stack, "token-a", 401);
}

#[test]
fn what_is_revoked_while_redis_cannot_be_reached_is_refused_by_the_first_answer_after_it() {
    let stack = running();
    make_known(&stack, "token-a");
    stack.proxy().close();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    stack.redis().remove("token-a");
    assert_eq!(
        status(&stack, "token-a"),
        200,
        "nobody is logged out by an outage"
    );
    assert_eq!(status(&stack, "token-b"), 503);
    stack.proxy().restore();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 1.0);
    assert_eq!(status(&stack, "token-a"), 401);
    assert_eq!(status(&stack, "token-b"), 401);
}

#[test]
fn a_flush_between_the_read_and_its_answer_leaves_nothing_remembered() {
    let stack = running();
    for (flush, token) in [("FLUSHALL", "token-a"), ("FLUSHDB", "token-b")] {
        make_known(&stack, "known");
        put(&stack, token);
        let connections = stack.proxy().connections();
        stack.proxy().hold(What::answer(token));
        let mut early = ask(&stack, token);
        stack.proxy().wait_for(&What::answer(token));
        stack.redis().command(&[flush]);
        stack.proxy().wait_for(&What::flush());
        stack.proxy().release();
        assert_answered(&stack, connections, &early.reply(), 200);
        expect_from_now_on(&stack, token, 401);
        expect_from_now_on(&stack, "known", 401);
    }
}
