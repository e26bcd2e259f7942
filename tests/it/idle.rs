//! R8: a session that is not used for its idle timeout has ended; its last use is known to every node.

use crate::harness::{Reply, Stack, eventually, record, sha256_hex, stack};
use serde_json::{Value, json};

const CONFIG: &str = "
sessions:
  web: {redis: '${REDIS}'}
  strict: {redis: '${REDIS}', token: {cookie: strict}, idle_timeout: 10m}
cache: {ttl: 1h, negative_ttl: 0s, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
  - {host: open.test, upstream: 'unix:app.sock', identity: skygear}
";
const LONG_AGO: &str = "2020-01-01T00:00:00Z";

fn idle(timeout: &str, created_at: Option<&str>) -> Value {
    let mut record = record("u-17");
    record["idle_timeout"] = json!(timeout);
    if let Some(created_at) = created_at {
        record["created_at"] = json!(created_at);
    }
    record
}

fn ask(stack: &Stack, token: &str) -> Reply {
    stack.get("/").bearer(token).send()
}

fn seen_key(token: &str) -> String {
    format!("sessiongate:seen:{}", sha256_hex(token))
}

/// Lets so much of Redis' time pass.
fn pass_ms(stack: &Stack, ms: u64) {
    stack
        .redis()
        .command(&["SET", "a-while", "1", "PX", &ms.to_string()]);
    eventually("a while passes", || {
        (stack.redis().command(&["EXISTS", "a-while"]) == "0").then_some(())
    });
}

#[test]
fn a_session_that_was_not_used_since_it_was_made_has_ended() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &idle("30m", Some(LONG_AGO)));
    assert_eq!(ask(&stack, "token-a").status, 401);
    let open = stack.get("/").host("open.test").bearer("token-a").send();
    assert_eq!(stack.outcome(&open), "invalid idle");
    // The use that another node wrote down.
    stack
        .redis()
        .command(&["SET", &seen_key("token-a"), "32503680000000"]);
    assert_eq!(ask(&stack, "token-a").status, 200);
}

#[test]
fn a_use_is_written_down_for_other_nodes_and_not_on_every_request() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &idle("30m", None));
    for _ in 0..20 {
        assert_eq!(ask(&stack, "token-a").status, 200);
    }
    let key = seen_key("token-a");
    let at = eventually("the use is written", || {
        stack.redis().command(&["GET", &key]).parse::<u64>().ok()
    });
    assert!(at > 1_767_225_600_000, "{at} is a time in milliseconds");
    let left = stack.redis().command(&["PTTL", &key]).parse::<i64>();
    assert!(
        left.is_ok_and(|left| left > 30 * 60_000 - 60_000),
        "kept as long as it matters"
    );
    for _ in 0..20 {
        assert_eq!(ask(&stack, "token-a").status, 200);
    }
    assert_eq!(
        stack.redis().command(&["GET", &key]),
        at.to_string(),
        "once per interval"
    );
}

#[test]
fn a_use_that_the_store_does_not_take_counts_where_it_was_seen() {
    let short = CONFIG.replace("ttl: 1h", "ttl: 1ms");
    let stack = stack(&short).redis().start();
    stack.redis().put("token-a", &idle("30m", Some(LONG_AGO)));
    let key = seen_key("token-a");
    stack.redis().command(&["SET", &key, "32503680000000"]);
    // Before the first answer the push of the record may come, after it none.
    for _ in 0..2 {
        assert_eq!(ask(&stack, "token-a").status, 200);
    }
    // As it would be, had no use been written since.
    stack.redis().command(&["DEL", &key]);
    let writes = ["ACL", "SETUSER", "default", "-set"];
    stack.redis().command(&writes);
    for _ in 0..3 {
        assert_eq!(ask(&stack, "token-a").status, 200);
    }
}

#[test]
fn a_known_session_ends_when_it_is_left_alone_and_stays_ended() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &idle("1s", None));
    for _ in 0..5 {
        pass_ms(&stack, 300);
        assert_eq!(ask(&stack, "token-a").status, 200, "used in time");
    }
    pass_ms(&stack, 1_200);
    for _ in 0..3 {
        assert_eq!(ask(&stack, "token-a").status, 401, "left alone too long");
    }
}

#[test]
fn it_ends_while_the_store_is_away_as_well() {
    let mut stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &idle("1s", None));
    stack.redis().put("token-b", &record("u-17"));
    for token in ["token-a", "token-b"] {
        eventually("it is known", || {
            let before = stack.redis().reads();
            assert_eq!(ask(&stack, token).status, 200);
            (stack.redis().reads() == before).then_some(())
        });
    }
    pass_ms(&stack, 1_200);
    stack.redis_mut().kill();
    stack.expect_metric("sessiongate_store_up{source=\"web\"}", 0.0);
    assert_eq!(ask(&stack, "token-b").status, 200);
    let ended = ask(&stack, "token-a");
    assert_eq!(
        ended.denial(),
        (503, "store_down".to_owned()),
        "another node may have seen it"
    );
}

#[test]
fn a_source_has_an_idle_timeout_for_records_that_name_none() {
    let stack = stack(CONFIG).redis().start();
    let mut old = record("u-17");
    old["created_at"] = json!(LONG_AGO);
    stack.redis().put("token-a", &old);
    assert_eq!(
        ask(&stack, "token-a").status,
        200,
        "the first source has none"
    );
    let strict = stack.get("/").cookie("strict", "token-a").send();
    assert_eq!(strict.status, 401);
    stack
        .redis()
        .put("token-b", &idle("100000h", Some(LONG_AGO)));
    let own = stack.get("/").cookie("strict", "token-b").send();
    assert_eq!(own.status, 200, "a record's own comes first");
}

#[test]
fn a_last_use_that_is_none_is_a_broken_record() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &idle("30m", None));
    stack
        .redis()
        .command(&["SET", &seen_key("token-a"), "yesterday"]);
    assert_eq!(
        ask(&stack, "token-a").denial(),
        (502, "broken_record".to_owned())
    );
}
