//! R9: what is written in Redis holds here at once, although nobody asks Redis meanwhile.

use crate::harness::{Stack, eventually, record, sha256_hex, stack};
use serde_json::{Value, json};

/// Entries and absences are trusted for a minute: whatever is noticed before was pushed.
const CONFIG: &str = "
sessions: ${REDIS}
cache: {ttl: 60s, negative_ttl: 60s, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
  - {host: hasura.test, upstream: 'unix:app.sock', identity: hasura}
";

fn running() -> Stack {
    stack(CONFIG).redis().start()
}

fn status(stack: &Stack, token: &str) -> u16 {
    stack.get("/").bearer(token).send().status
}

fn role(stack: &Stack, token: &str) -> String {
    let request = stack.get("/").host("hasura.test").bearer(token);
    request
        .send()
        .seen()
        .one("X-Hasura-Role")
        .unwrap_or("-")
        .to_owned()
}

/// Waits until this is the answer; the wait gives up long before an entry would end by itself.
#[track_caller]
fn expect_soon(stack: &Stack, token: &str, expected: u16) {
    eventually(&format!("{token} is answered {expected}"), || {
        (status(stack, token) == expected).then_some(())
    });
}

/// The same, and remembered by then. The push of a write may meet the first load of what was written: that load is
/// answered, not remembered.
#[track_caller]
fn expect_remembered(stack: &Stack, token: &str, expected: u16) {
    expect_soon(stack, token, expected);
    assert_eq!(status(stack, token), expected, "{token}");
}

fn with_role(role: &str) -> Value {
    let mut record = record("u-17");
    record["roles"] = json!([role]);
    record["default_role"] = json!(role);
    record
}

#[test]
fn a_deleted_session_is_refused_and_no_other_is_asked_for_again() {
    let stack = running();
    for token in ["token-a", "token-b"] {
        stack.redis().put(token, &record("u-17"));
        expect_remembered(&stack, token, 200);
    }
    stack.redis().remove("token-a");
    expect_remembered(&stack, "token-a", 401);
    let before = stack.redis().reads();
    for _ in 0..20 {
        assert_eq!(status(&stack, "token-a"), 401);
        assert_eq!(status(&stack, "token-b"), 200);
    }
    assert_eq!(stack.redis().reads(), before, "reads for forty requests");
}

#[test]
fn a_login_after_a_refusal_works_at_once() {
    let stack = running();
    expect_remembered(&stack, "token-a", 401);
    let before = stack.redis().reads();
    assert_eq!(status(&stack, "token-a"), 401);
    assert_eq!(stack.redis().reads(), before, "the absence is remembered");
    stack.redis().put("token-a", &record("u-17"));
    expect_soon(&stack, "token-a", 200);
}

#[test]
fn a_logout_and_a_login_again_and_again_are_each_seen() {
    let stack = running();
    for _ in 0..25 {
        stack.redis().put("token-a", &record("u-17"));
        expect_soon(&stack, "token-a", 200);
        stack.redis().remove("token-a");
        expect_soon(&stack, "token-a", 401);
    }
}

#[test]
fn a_changed_role_is_told_to_the_upstream() {
    let stack = running();
    for expected in ["editor", "admin", "editor"] {
        stack.redis().put("token-a", &with_role(expected));
        eventually(&format!("the role {expected}"), || {
            (role(&stack, "token-a") == expected).then_some(())
        });
    }
}

#[test]
fn a_record_that_is_only_touched_stays_known() {
    let stack = running();
    stack.redis().put("token-a", &record("u-17"));
    expect_soon(&stack, "token-a", 200);
    let key = format!("session:{}", sha256_hex("token-a"));
    for seconds in ["100", "200", "300"] {
        stack.redis().command(&["EXPIRE", &key, seconds]);
        assert_eq!(status(&stack, "token-a"), 200);
    }
}

#[test]
fn a_flush_ends_every_session() {
    let stack = running();
    for flush in ["FLUSHALL", "FLUSHDB"] {
        for token in ["token-a", "token-b"] {
            stack.redis().put(token, &record("u-17"));
            expect_soon(&stack, token, 200);
        }
        stack.redis().command(&[flush]);
        expect_soon(&stack, "token-a", 401);
        expect_soon(&stack, "token-b", 401);
    }
}

#[test]
fn what_was_revoked_while_redis_was_away_is_refused_from_the_first_answer_on() {
    let mut stack = running();
    for token in ["token-a", "token-b"] {
        stack.redis().put(token, &record("u-17"));
        expect_remembered(&stack, token, 200);
    }
    stack.redis_mut().kill();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    assert_eq!(
        status(&stack, "token-a"),
        200,
        "nobody is logged out by an outage"
    );
    // Comes back empty, but for one of the two.
    stack.redis_mut().restart();
    stack.redis().put("token-b", &record("u-17"));
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 1.0);
    assert_eq!(
        status(&stack, "token-a"),
        401,
        "the first answer after the reconnection"
    );
    assert_eq!(status(&stack, "token-b"), 200);
}

#[test]
fn what_is_revoked_with_the_connection_cut_is_refused() {
    let stack = running();
    for _ in 0..5 {
        stack.redis().put("token-a", &record("u-17"));
        expect_soon(&stack, "token-a", 200);
        stack.redis().command(&["CLIENT", "KILL", "SKIPME", "yes"]);
        stack.redis().remove("token-a");
        expect_soon(&stack, "token-a", 401);
    }
}

#[test]
fn the_lag_of_a_revocation_is_measured_each_second() {
    let stack = running();
    eventually("three rounds of the canary", || {
        let rounds = stack.metric_sum("sessiongate_revocation_lag_seconds_count");
        (rounds >= 3.0).then_some(())
    });
    let rounds = stack.metric_sum("sessiongate_revocation_lag_seconds_count");
    let total = stack.metric_sum("sessiongate_revocation_lag_seconds_sum");
    assert!(
        total > 0.0 && total < rounds,
        "{total} s in {rounds} rounds"
    );
}

#[test]
fn without_invalidation_a_session_lives_for_its_ttl() {
    let config = CONFIG.replace("cache: {", "cache: {invalidation: none, ");
    let stack = stack(&config).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    expect_remembered(&stack, "token-a", 200);
    stack.redis().remove("token-a");
    // Another session's load passes over the same connection: by now a push would have come.
    assert_eq!(status(&stack, "token-b"), 401);
    assert_eq!(status(&stack, "token-a"), 200);
    assert_eq!(
        stack.metric_sum("sessiongate_revocation_lag_seconds_count"),
        0.0
    );
}

#[test]
fn a_redis_that_refuses_to_push_is_served_by_ttl_and_said_so() {
    let config = CONFIG.replace("ttl: 60s, neg", "ttl: 300ms, neg");
    let stack = stack(&config)
        .redis_with("--user default on nopass ~* +@all -client|tracking")
        .start();
    stack.redis().put("token-a", &record("u-17"));
    expect_soon(&stack, "token-a", 200);
    eventually("the log says what the ACL lacks", || {
        stack
            .gateway
            .output()
            .contains("+client|tracking")
            .then_some(())
    });
    stack.redis().remove("token-a");
    expect_soon(&stack, "token-a", 401);
}
