//! R9 for users and names: "log out everywhere", disabled users, sessions that are revoked although their record stays.

use crate::harness::{Reply, Stack, eventually, record, sha256_hex, sid, stack};
use serde_json::{Value, json};

/// Entries and absences are trusted for a minute: whatever is noticed before was pushed.
const CONFIG: &str = "
sessions: ${REDIS}
cache: {ttl: 60s, negative_ttl: 60s, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
  - {host: open.test, upstream: 'unix:app.sock', identity: skygear}
  - {host: hasura.test, upstream: 'unix:app.sock', identity: hasura}
";
const BEFORE: &str = "2026-01-01T00:00:00.000Z";
/// Unix milliseconds of a moment after `BEFORE`, and of one before `AFTER`.
const LOGGED_OUT_AT: u64 = 1_780_000_000_000;
const AFTER: &str = "2026-06-01T00:00:00.000Z";

fn running() -> Stack {
    stack(CONFIG).redis().start()
}

fn made_at(user_id: &str, created_at: Option<&str>) -> Value {
    let mut record = record(user_id);
    if let Some(created_at) = created_at {
        record["created_at"] = json!(created_at);
    }
    record
}

fn ask(stack: &Stack, token: &str) -> Reply {
    stack.get("/").bearer(token).send()
}

/// What the access log says of it, where an invalid session passes as none.
fn why(stack: &Stack, token: &str) -> String {
    stack.outcome(&stack.get("/").host("open.test").bearer(token).send())
}

/// Asks until the answer is this and comes from memory.
#[track_caller]
fn expect_remembered(stack: &Stack, token: &str, expected: u16) {
    eventually(&format!("{token} is answered {expected}"), || {
        (ask(stack, token).status == expected).then_some(())
    });
    assert_eq!(ask(stack, token).status, expected, "{token}");
}

fn mark(stack: &Stack, user_id: &str, mark: &Value) {
    let key = format!("sessiongate:user:{user_id}");
    stack.redis().command(&["SET", &key, &mark.to_string()]);
}

#[test]
fn one_mark_ends_every_session_of_a_user_and_of_nobody_else() {
    let stack = running();
    let sessions = ["token-a", "token-b", "token-c"];
    for token in sessions {
        stack.redis().put(token, &made_at("u-17", Some(BEFORE)));
        expect_remembered(&stack, token, 200);
    }
    stack.redis().put("other", &made_at("u-18", Some(BEFORE)));
    expect_remembered(&stack, "other", 200);
    mark(&stack, "u-17", &json!({"not_before": LOGGED_OUT_AT}));
    for token in sessions {
        expect_remembered(&stack, token, 401);
        assert_eq!(why(&stack, token), "invalid revoked");
    }
    let before = stack.redis().reads();
    assert_eq!(ask(&stack, "other").status, 200);
    assert_eq!(
        stack.redis().reads(),
        before,
        "another user's session stays known"
    );

    stack.redis().put("new", &made_at("u-17", Some(AFTER)));
    expect_remembered(&stack, "new", 200);
    expect_remembered(&stack, "token-a", 401);
}

#[test]
fn a_record_that_does_not_say_when_it_was_made_is_older_than_any_mark() {
    let stack = running();
    stack.redis().put("token-a", &made_at("u-17", None));
    expect_remembered(&stack, "token-a", 200);
    mark(&stack, "u-17", &json!({"not_before": 1}));
    expect_remembered(&stack, "token-a", 401);
    mark(&stack, "u-17", &json!({"not_before": null}));
    expect_remembered(&stack, "token-a", 200);
}

#[test]
fn a_user_is_disabled_and_enabled_again_without_touching_a_record() {
    let stack = running();
    stack.redis().put("token-a", &record("u-17"));
    for disabled in [true, false, true] {
        mark(&stack, "u-17", &json!({"disabled": disabled}));
        eventually("the service hears of it", || {
            let reply = ask(&stack, "token-a");
            let told = reply.seen().one("x-skygear-user-disabled") == Some(&disabled.to_string());
            told.then_some(())
        });
        let hasura = stack.get("/").host("hasura.test").bearer("token-a").send();
        assert_eq!(hasura.status, if disabled { 403 } else { 200 });
    }
}

#[test]
fn a_mark_that_cannot_be_read_lets_nobody_in() {
    let stack = running();
    stack.redis().put("token-a", &record("u-17"));
    expect_remembered(&stack, "token-a", 200);
    let key = "sessiongate:user:u-17";
    for broken in ["not json", "{\"not_before\": \"yesterday\"}", "[]"] {
        stack.redis().command(&["SET", key, broken]);
        eventually("the session is refused as broken", || {
            let refused = ask(&stack, "token-a").denial() == (502, "broken_record".to_owned());
            refused.then_some(())
        });
        stack.redis().command(&["DEL", key]);
        expect_remembered(&stack, "token-a", 200);
    }
}

#[test]
fn a_session_is_revoked_by_its_name_although_its_record_stays() {
    let stack = running();
    for token in ["token-a", "token-b"] {
        stack.redis().put(token, &record("u-17"));
        expect_remembered(&stack, token, 200);
    }
    let key = format!("sessiongate:revoked:{}", sid("token-a"));
    stack.redis().command(&["SET", &key, "1", "EX", "1000"]);
    expect_remembered(&stack, "token-a", 401);
    assert_eq!(why(&stack, "token-a"), "invalid revoked");
    expect_remembered(&stack, "token-b", 200);
    stack.redis().command(&["DEL", &key]);
    expect_remembered(&stack, "token-a", 200);
}

#[test]
fn a_user_is_asked_for_once_and_each_session_in_one_round_trip() {
    let stack = running();
    for token in ["token-a", "token-b", "token-c"] {
        stack.redis().put(token, &record("u-17"));
    }
    // By now the announcements of the writes have been heard.
    expect_remembered(&stack, "elsewhere", 401);
    let before = stack.redis().calls("getrange");
    for token in ["token-a", "token-b", "token-c"] {
        assert_eq!(ask(&stack, token).status, 200);
    }
    // The record and its revocation together; the user's mark once; no last use, since nothing ends for want of one.
    assert_eq!(stack.redis().calls("getrange") - before, 3 * 2 + 1);
}

#[test]
fn what_was_logged_out_while_redis_was_away_is_refused_from_the_first_answer_on() {
    let mut stack = running();
    stack.redis().put("token-a", &made_at("u-17", Some(BEFORE)));
    expect_remembered(&stack, "token-a", 200);
    stack.redis_mut().kill();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    assert_eq!(
        ask(&stack, "token-a").status,
        200,
        "nobody is logged out by an outage"
    );
    stack.redis_mut().restart();
    mark(&stack, "u-17", &json!({"not_before": LOGGED_OUT_AT}));
    stack.redis().put("token-a", &made_at("u-17", Some(BEFORE)));
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 1.0);
    assert_eq!(ask(&stack, "token-a").status, 401);
}

#[test]
fn a_user_that_cannot_be_asked_for_is_a_failure_of_the_store() {
    let stack = running();
    stack.redis().put("known", &record("u-17"));
    expect_remembered(&stack, "known", 200);
    let only_sessions = ["ACL", "SETUSER", "default", "resetkeys", "~session:*"];
    stack.redis().command(&only_sessions);
    stack.redis().put("unknown", &record("u-18"));
    let refused = ask(&stack, "unknown");
    assert_eq!(refused.denial(), (503, "store_down".to_owned()));
    assert_eq!(ask(&stack, "known").status, 200);
    eventually("the log says what the ACL lacks", || {
        stack
            .gateway
            .output()
            .contains("~sessiongate:*")
            .then_some(())
    });
    stack.redis().command(&["ACL", "SETUSER", "default", "~*"]);
    expect_remembered(&stack, "unknown", 200);
    assert!(!stack.gateway.output().contains(&sha256_hex("unknown")));
}
