//! R8 by the store's own clock: a session lives as long as its record says, however long an entry is kept.

use crate::harness::{Stack, eventually, record, sha256_hex, stack};
use serde_json::json;

const KEPT_LONG: &str = "
sessions: ${REDIS}
cache: {ttl: 1h, negative_ttl: 0s, stale_if_error: 1h, invalidation: none}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
";

fn key(token: &str) -> String {
    format!("session:{}", sha256_hex(token))
}

fn is_let_in(stack: &Stack, token: &str) -> bool {
    let before = stack.upstream.count();
    let reply = stack.get("/").bearer(token).send();
    match reply.status {
        200 => true,
        401 => {
            assert_eq!(
                stack.upstream.count(),
                before,
                "the upstream heard of a refused request"
            );
            false
        }
        other => panic!("{other}: {}", reply.text()),
    }
}

/// Asks the store first, and the gateway afterwards: what was gone before the request must not be let in.
fn is_let_in_though_gone(stack: &Stack, token: &str) -> bool {
    let is_gone = stack.redis().command(&["EXISTS", &key(token)]) == "0";
    let is_let_in = is_let_in(stack, token);
    is_gone && is_let_in
}

#[test]
fn a_kept_session_is_refused_as_soon_as_its_key_has_expired_and_stays_refused() {
    let stack = stack(KEPT_LONG).redis().start();
    stack.redis().put_for_ms("token-a", &record("u-17"), 400);
    assert!(is_let_in(&stack, "token-a"));
    let reads = stack.redis().reads();
    assert!(is_let_in(&stack, "token-a"));
    assert_eq!(
        stack.redis().reads(),
        reads,
        "served from memory, so it is memory that must know the end"
    );
    eventually("the session is refused", || {
        assert!(!is_let_in_though_gone(&stack, "token-a"), "the key is gone");
        (!is_let_in(&stack, "token-a")).then_some(())
    });
    for _ in 0..100 {
        assert!(
            !is_let_in(&stack, "token-a"),
            "once refused, always refused"
        );
    }
}

#[test]
fn several_sessions_end_each_at_its_own_moment() {
    let stack = stack(KEPT_LONG).redis().start();
    let lives = [150, 300, 450, 600].map(|ms| (format!("token-{ms}"), ms));
    for (token, ms) in &lives {
        stack.redis().put_for_ms(token, &record("u-17"), *ms);
        assert!(is_let_in(&stack, token), "{token}");
    }
    eventually("all have ended", || {
        for (token, _) in &lives {
            assert!(!is_let_in_though_gone(&stack, token), "{token} is gone");
        }
        lives
            .iter()
            .all(|(token, _)| !is_let_in(&stack, token))
            .then_some(())
    });
}

#[test]
fn the_records_own_end_counts_even_if_its_key_lives_on() {
    let stack = stack(KEPT_LONG).redis().start();
    let mut ended = record("u-17");
    for (index, past) in [
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:00.000Z",
        "2020-01-01T01:00:00+01:00",
    ]
    .iter()
    .enumerate()
    {
        ended["expires_at"] = json!(past);
        let token = format!("ended-{index}");
        stack.redis().put(&token, &ended);
        assert!(!is_let_in(&stack, &token), "{past}");
        assert_eq!(stack.redis().command(&["EXISTS", &key(&token)]), "1");
    }
}

#[test]
fn a_record_of_required_members_without_an_end_outlives_many_entries() {
    let yaml = KEPT_LONG.replace("ttl: 1h, neg", "ttl: 30ms, neg");
    let stack = stack(&yaml).redis().start();
    stack
        .redis()
        .put("token-a", &json!({"v": 1, "user_id": "u-17"}));
    let before = stack.redis().reads();
    eventually("the entry was read again five times", || {
        assert!(is_let_in(&stack, "token-a"));
        (stack.redis().reads() - before >= 5).then_some(())
    });
    let seen = stack.get("/").bearer("token-a").send().seen();
    let told = [
        ("user-disabled", "false"),
        ("user-id", "u-17"),
        ("user-verified", "false"),
    ];
    let told = told.map(|(name, value)| (format!("x-skygear-{name}"), value.to_owned()));
    assert_eq!(
        seen.family("x-skygear-"),
        told,
        "what is not known is not told"
    );
}

#[test]
fn a_session_that_was_prolonged_goes_on_past_its_first_end() {
    let yaml = KEPT_LONG.replace("ttl: 1h, neg", "ttl: 50ms, neg");
    let stack = stack(&yaml).redis().start();
    stack.redis().put_for_ms("token-a", &record("u-17"), 1_000);
    assert!(is_let_in(&stack, "token-a"));
    assert_eq!(stack.redis().command(&["PERSIST", &key("token-a")]), "1");
    stack.redis().put_for_ms("later", &record("u-18"), 1_000);
    eventually("a session that began later has ended", || {
        assert!(is_let_in(&stack, "token-a"));
        (!is_let_in(&stack, "later")).then_some(())
    });
    assert!(is_let_in(&stack, "token-a"));
}
