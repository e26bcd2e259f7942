//! `sessiongate:events`: whoever revokes says so, and it holds although no record was touched.

use crate::harness::{Reply, Stack, eventually, record, sha256_hex, sid, stack};
use serde_json::{Value, json};

/// By messages alone, and beside the pushes of what is written.
const MODES: [&str; 2] = ["pubsub", "tracking"];
const EVENTS: &str = "sessiongate:events";

fn running(mode: &str) -> Stack {
    let config = format!(
        "
sessions: ${{REDIS}}
cache: {{ttl: 60s, negative_ttl: 60s, stale_if_error: 1h, invalidation: {mode}}}
routes:
  - {{upstream: 'unix:app.sock', identity: skygear, require: session}}
  - {{host: open.test, upstream: 'unix:app.sock', identity: skygear}}
"
    );
    let stack = stack(&config).redis().start();
    stack.expect_metric(
        "sessiongate_invalidation_connected{source=\"default\"}",
        1.0,
    );
    stack
}

fn ask(stack: &Stack, token: &str) -> Reply {
    stack.get("/").bearer(token).send()
}

/// What the access log says of it, where an invalid session passes as none.
fn why(stack: &Stack, token: &str) -> String {
    stack.outcome(&stack.get("/").host("open.test").bearer(token).send())
}

fn made_now(user_id: &str) -> Value {
    let mut record = record(user_id);
    record["created_at"] = json!("2026-01-01T00:00:00Z");
    record
}

#[track_caller]
fn expect_remembered(stack: &Stack, token: &str, expected: u16) {
    eventually(&format!("{token} is answered {expected}"), || {
        (ask(stack, token).status == expected).then_some(())
    });
    assert_eq!(ask(stack, token).status, expected, "{token}");
}

#[track_caller]
fn know(stack: &Stack, token: &str, user_id: &str) {
    stack.redis().put(token, &made_now(user_id));
    expect_remembered(stack, token, 200);
}

fn announce(stack: &Stack, message: &str) {
    let heard = stack.redis().command(&["PUBLISH", EVENTS, message]);
    assert_eq!(heard, "1", "the node listens");
}

fn counted(stack: &Stack, kind: &str) -> f64 {
    stack.metric(&format!(
        "sessiongate_events_total{{kind=\"{kind}\",source=\"default\"}}"
    ))
}

#[test]
fn a_user_is_logged_out_by_a_message() {
    for mode in MODES {
        let stack = running(mode);
        for token in ["token-a", "token-b"] {
            know(&stack, token, "u-17");
        }
        know(&stack, "other", "u-18");
        announce(&stack, r#"{"revoke":{"user":"u-17"}}"#);
        expect_remembered(&stack, "token-a", 401);
        assert_eq!(ask(&stack, "token-b").status, 401, "{mode}");
        assert_eq!(ask(&stack, "other").status, 200, "{mode}");
        assert_eq!(counted(&stack, "user"), 1.0, "{mode}");
        // What every other node, and this one after a restart, will read.
        let written = eventually("the mark is written", || {
            let mark = stack.redis().command(&["GET", "sessiongate:user:u-17"]);
            serde_json::from_str::<Value>(&mark).ok()
        });
        assert!(
            written["not_before"]
                .as_u64()
                .is_some_and(|at| at > 1_767_225_600_000)
        );
        let mut later = record("u-17");
        later["created_at"] = json!("2100-01-01T00:00:00Z");
        stack.redis().put("new", &later);
        expect_remembered(&stack, "new", 200);
    }
}

#[test]
fn a_mark_moves_forward_only_and_keeps_what_else_it_says() {
    let stack = running("tracking");
    let key = "sessiongate:user:u-17";
    let mark = || stack.redis().command(&["GET", key]);
    stack.redis().command(&[
        "SET",
        key,
        r#"{"disabled":true,"not_before":500,"by":"ann"}"#,
    ]);
    announce(&stack, r#"{"revoke":{"user":"u-17","not_before":400}}"#);
    announce(
        &stack,
        r#"{"revoke":{"user":"u-17","not_before":1767225600001}}"#,
    );
    eventually("the later one is written", || {
        let mark = serde_json::from_str::<Value>(&mark()).expect("JSON");
        let expected = json!({"disabled": true, "not_before": 1_767_225_600_001_u64, "by": "ann"});
        (mark == expected).then_some(())
    });
}

#[test]
fn a_session_is_revoked_by_a_message_with_its_name_or_its_digest() {
    for mode in MODES {
        let stack = running(mode);
        let names = [
            ("token-a", sid("token-a")),
            ("token-b", sha256_hex("token-b")),
        ];
        know(&stack, "token-c", "u-17");
        for (token, name) in names {
            know(&stack, token, "u-17");
            announce(&stack, &json!({"revoke": {"session": name}}).to_string());
            expect_remembered(&stack, token, 401);
            assert_eq!(why(&stack, token), "invalid revoked");
            let key = format!("sessiongate:revoked:{}", sid(token));
            eventually("it is written", || {
                (stack.redis().command(&["EXISTS", &key]) == "1").then_some(())
            });
            let record = format!("session:{}", sha256_hex(token));
            assert_eq!(
                stack.redis().command(&["EXISTS", &record]),
                "1",
                "untouched"
            );
        }
        assert_eq!(ask(&stack, "token-c").status, 200, "{mode}");
    }
}

#[test]
fn what_can_never_be_written_down_does_not_hold_up_the_rest() {
    let stack = running("pubsub");
    let broken = "sessiongate:user:u-17";
    stack.redis().command(&["SET", broken, "not json"]);
    announce(&stack, r#"{"revoke":{"user":"u-17"}}"#);
    for name in ["t-1", "t-2"] {
        let message = json!({"revoke": {"jti": name}}).to_string();
        announce(&stack, &message);
        let key = format!("sessiongate:revoked:{name}");
        eventually("it is written", || {
            (stack.redis().command(&["EXISTS", &key]) == "1").then_some(())
        });
    }
    // An empty mark is none.
    stack.redis().command(&["SET", broken, ""]);
    eventually("it is not forgotten either", || {
        (stack.redis().command(&["STRLEN", broken]) != "0").then_some(())
    });
}

#[test]
fn a_signed_token_is_revoked_for_every_node() {
    let stack = running("tracking");
    announce(&stack, r#"{"revoke":{"jti":"t-1"}}"#);
    eventually("it is written", || {
        (stack
            .redis()
            .command(&["EXISTS", "sessiongate:revoked:t-1"])
            == "1")
            .then_some(())
    });
    let left = stack.redis().command(&["TTL", "sessiongate:revoked:t-1"]);
    assert!(left.parse::<i64>().is_ok_and(|left| left > 0), "{left}");
}

#[test]
fn what_is_no_revocation_is_counted_and_ignored() {
    for mode in MODES {
        let stack = running(mode);
        know(&stack, "token-a", "u-17");
        let messages = [
            "",
            "nonsense",
            "[]",
            "{}",
            r#"{"revoke":"u-17"}"#,
            r#"{"revoke":{"user":17}}"#,
            r#"{"revoke":{"user":"u-17","session":"x"}}"#,
            "\u{0}",
            "{\"revoke\":",
        ];
        for message in messages {
            announce(&stack, message);
        }
        eventually("all are counted", || {
            (counted(&stack, "malformed") == messages.len() as f64).then_some(())
        });
        assert_eq!(ask(&stack, "token-a").status, 200, "{mode}");
    }
}

#[test]
fn what_is_announced_while_redis_takes_no_writes_holds_and_is_written_later() {
    for mode in MODES {
        let stack = running(mode);
        know(&stack, "token-a", "u-17");
        know(&stack, "token-b", "u-18");
        stack
            .redis()
            .command(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
        announce(&stack, r#"{"revoke":{"user":"u-17"}}"#);
        announce(
            &stack,
            &json!({"revoke": {"session": sid("token-b")}}).to_string(),
        );
        expect_remembered(&stack, "token-a", 401);
        expect_remembered(&stack, "token-b", 401);
        eventually("the log says that it cannot be written", || {
            stack.gateway.output().contains("NOREPLICAS").then_some(())
        });
        stack
            .redis()
            .command(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
        eventually("it is written in the end", || {
            let keys = [
                "sessiongate:user:u-17".to_owned(),
                format!("sessiongate:revoked:{}", sid("token-b")),
            ];
            (stack.redis().command(&["EXISTS", &keys[0], &keys[1]]) == "2").then_some(())
        });
    }
}

#[test]
fn by_messages_alone_a_deleted_record_is_trusted_until_somebody_says_so() {
    let stack = running("pubsub");
    know(&stack, "token-a", "u-17");
    stack.redis().remove("token-a");
    // Another session's load passes over the same connection: by now a push would have come.
    assert_eq!(ask(&stack, "token-b").status, 401);
    assert_eq!(ask(&stack, "token-a").status, 200);
    announce(
        &stack,
        &json!({"revoke": {"session": sid("token-a")}}).to_string(),
    );
    expect_remembered(&stack, "token-a", 401);
}

#[test]
fn the_way_of_a_message_is_measured_each_second_and_shown() {
    let stack = running("pubsub");
    eventually("two rounds of the canary", || {
        let rounds = stack.metric_sum("sessiongate_revocation_lag_seconds_count");
        (rounds >= 2.0).then_some(())
    });
    let status = stack.admin("/status.json").json();
    let revocation = &status["sources"][0]["revocation"];
    assert_eq!(
        (&revocation["by"], &revocation["announced"]),
        (&json!("pubsub"), &json!(true))
    );
    assert_eq!(counted(&stack, "malformed"), 0.0, "the canary is no event");
}

#[test]
fn a_user_without_the_right_to_listen_keeps_the_pushes_and_is_told() {
    let config = "
sessions: ${REDIS}
cache: {ttl: 60s, negative_ttl: 60s}
routes: [{upstream: 'unix:app.sock', identity: skygear, require: session}]
";
    let stack = stack(config)
        .redis_with("--user default on nopass ~* resetchannels +@all")
        .start();
    know(&stack, "token-a", "u-17");
    eventually("the log says what the ACL lacks", || {
        stack
            .gateway
            .output()
            .contains("+subscribe &sessiongate:*")
            .then_some(())
    });
    stack.redis().remove("token-a");
    expect_remembered(&stack, "token-a", 401);
}

#[test]
fn a_connection_that_is_cut_listens_again_and_asks_again() {
    for mode in MODES {
        let stack = running(mode);
        know(&stack, "token-a", "u-17");
        stack.redis().command(&["CLIENT", "KILL", "SKIPME", "yes"]);
        let key = format!("sessiongate:revoked:{}", sid("token-a"));
        stack.redis().command(&["SET", &key, "1"]);
        expect_remembered(&stack, "token-a", 401);
        know(&stack, "token-b", "u-17");
        eventually("the node listens again", || {
            let message = json!({"revoke": {"session": sid("token-b")}}).to_string();
            (stack.redis().command(&["PUBLISH", EVENTS, &message]) == "1").then_some(())
        });
        expect_remembered(&stack, "token-b", 401);
    }
}

#[test]
fn where_pushes_are_refused_messages_are_heard_and_trust_is_short() {
    let config = "
sessions: ${REDIS}
cache: {ttl: 1h, negative_ttl: 1h}
routes: [{upstream: 'unix:app.sock', identity: skygear, require: session}]
";
    let stack = stack(config)
        .redis_with("--user default on nopass ~* &* +@all -client|tracking")
        .start();
    stack.redis().put("token-a", &made_now("u-17"));
    assert_eq!(ask(&stack, "token-a").status, 200);
    let status = stack.admin("/status.json").json();
    let revocation = &status["sources"][0]["revocation"];
    assert_eq!(
        (&revocation["by"], &revocation["bound_seconds"]),
        (&json!("none"), &json!(10.0))
    );
    announce(&stack, r#"{"revoke":{"user":"u-17"}}"#);
    expect_remembered(&stack, "token-a", 401);
}

#[test]
fn a_subscription_that_is_refused_for_a_moment_is_made_again() {
    let config = "
sessions: ${REDIS}
cache: {ttl: 60s, negative_ttl: 60s}
routes: [{upstream: 'unix:app.sock', identity: skygear, require: session}]
";
    let stack = stack(config).redis_proxied().start();
    let before = stack.proxy().connections();
    stack.proxy().refuse("BUSY Redis is busy running a script.");
    stack.proxy().cut();
    eventually("the node has connected to it again", || {
        (stack.proxy().connections() >= before + 2).then_some(())
    });
    stack.proxy().restore();
    eventually("the node listens", || {
        let heard = stack.redis().command(&["PUBLISH", EVENTS, "{}"]);
        (heard == "1").then_some(())
    });
    know(&stack, "token-a", "u-17");
    announce(&stack, r#"{"revoke":{"user":"u-17"}}"#);
    expect_remembered(&stack, "token-a", 401);
}
