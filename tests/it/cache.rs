//! The cache: no round trip on the hot path, one load per credential, absences remembered apart, all of it bounded.

use crate::harness::{Clock, Stack, eventually, record, stack};
use std::thread;
use std::time::Duration;

/// Without announcements, so that reads can be counted: a push for a write may come after the answer to the next read.
const CONFIG: &str = "
sessions: ${REDIS}
cache: {ttl: 1h, negative_ttl: 1h, max_entries: 100, invalidation: none}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
";

fn user(stack: &Stack, token: &str) -> String {
    stack
        .get("/")
        .bearer(token)
        .send()
        .seen()
        .one("x-skygear-user-id")
        .unwrap_or("-")
        .to_owned()
}

#[test]
fn a_second_request_asks_nobody() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    let before = stack.redis().reads();
    for _ in 0..20 {
        assert_eq!(user(&stack, "token-a"), "u-17");
    }
    assert_eq!(
        stack.redis().reads() - before,
        1,
        "reads for twenty requests"
    );
    stack.expect_metric(
        "sessiongate_session_lookups_total{result=\"hit\",source=\"default\"}",
        19.0,
    );
    stack.expect_metric("sessiongate_cache_entries", 1.0);
}

#[test]
fn fifty_first_requests_at_once_make_one_load() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    let before = stack.redis().reads();
    // Frozen, so that all of them are there before the first is answered.
    stack.redis().freeze();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| stack.get("/").bearer("token-a").send().status))
            .collect();
        eventually("somebody waits for the load", || {
            (stack.metric("sessiongate_session_load_waiters") >= 1.0).then_some(())
        });
        stack.redis().thaw();
        for client in clients {
            let status = client.join().expect("a client");
            assert!([200, 503].contains(&status), "{status}");
        }
    });
    let loads = stack.redis().reads() - before;
    // A reply that came later than the reply timeout may have been asked for again, by the requests after it.
    assert!((1..=3).contains(&loads), "{loads} loads for fifty requests");
}

#[test]
fn fifty_first_requests_to_a_running_store_make_one_load() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    let before = stack.redis().reads();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| user(&stack, "token-a")))
            .collect();
        for client in clients {
            assert_eq!(client.join().expect("a client"), "u-17");
        }
    });
    assert_eq!(stack.redis().reads() - before, 1);
}

#[test]
fn a_client_that_leaves_does_not_take_the_load_with_it() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    let before = stack.redis().reads();
    stack.redis().freeze();
    let mut gone = stack.connect();
    gone.send(stack.get("/").bearer("token-a").bytes());
    eventually("the load has begun", || {
        (stack.metric("sessiongate_session_loads_in_flight") >= 1.0).then_some(())
    });
    drop(gone);
    stack.redis().thaw();
    eventually("the session is there", || {
        (user_or_none(&stack) == "u-17").then_some(())
    });
    assert!(stack.redis().reads() - before <= 2);
}

fn user_or_none(stack: &Stack) -> String {
    let reply = stack.get("/").bearer("token-a").send();
    if reply.status == 200 {
        reply
            .seen()
            .one("x-skygear-user-id")
            .unwrap_or("-")
            .to_owned()
    } else {
        String::new()
    }
}

#[test]
fn an_absence_is_remembered_for_negative_ttl() {
    let config = CONFIG.replace("negative_ttl: 1h", "negative_ttl: 300ms");
    let stack = stack(&config).redis().start();
    let before = stack.redis().reads();
    let clock = Clock::start();
    assert_eq!(user(&stack, "token-a"), "-");
    assert_eq!(user(&stack, "token-a"), "-");
    if clock.elapsed() < Duration::from_millis(300) {
        assert_eq!(stack.redis().reads() - before, 1, "reads for two requests");
    }
    stack.redis().put("token-a", &record("u-17"));
    eventually("the session is seen once the absence has ended", || {
        (user(&stack, "token-a") == "u-17").then_some(())
    });
    assert!(
        clock.elapsed() < Duration::from_secs(3),
        "{} ms",
        clock.ms()
    );
}

#[test]
fn without_negative_ttl_a_login_works_at_once() {
    let stack = stack(&CONFIG.replace("negative_ttl: 1h", "negative_ttl: 0s"))
        .redis()
        .start();
    assert_eq!(user(&stack, "token-a"), "-");
    stack.redis().put("token-a", &record("u-17"));
    assert_eq!(user(&stack, "token-a"), "u-17");
}

#[test]
fn an_entry_is_asked_for_again_after_ttl() {
    let stack = stack(&CONFIG.replace("ttl: 1h, neg", "ttl: 200ms, neg"))
        .redis()
        .start();
    stack.redis().put("token-a", &record("u-17"));
    assert_eq!(user(&stack, "token-a"), "u-17");
    let clock = Clock::start();
    stack.redis().remove("token-a");
    eventually("the removed session is noticed", || {
        (user(&stack, "token-a") == "-").then_some(())
    });
    assert!(
        clock.elapsed() < Duration::from_secs(2),
        "{} ms",
        clock.ms()
    );
}

#[test]
fn entries_never_exceed_max_entries() {
    let stack = stack(CONFIG).redis().start();
    for index in 0..300 {
        let token = format!("token-{index}");
        stack.redis().put(&token, &record("u-17"));
        assert_eq!(user(&stack, &token), "u-17");
        if index % 50 == 49 {
            let entries = stack.metric("sessiongate_cache_entries");
            assert!(entries <= 100.0, "{entries} entries after {index}");
        }
    }
    stack.expect_metric("sessiongate_cache_max_entries", 100.0);
    assert!(stack.metric("sessiongate_cache_evictions_total{reason=\"capacity\"}") >= 200.0);
}

#[test]
fn a_spray_of_unknown_tokens_pushes_no_session_out() {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    assert_eq!(user(&stack, "token-a"), "u-17");
    let mut connection = stack.connect();
    for index in 0..1000 {
        connection.send(stack.get("/").bearer(&format!("spray-{index}")).bytes());
        assert_eq!(connection.reply().status, 200);
    }
    let before = stack.redis().reads();
    assert_eq!(user(&stack, "token-a"), "u-17");
    assert_eq!(stack.redis().reads(), before, "still from the cache");
    assert!(
        stack.metric("sessiongate_cache_negative_entries") <= 100.0,
        "absences are bounded as well"
    );
}

#[test]
fn a_requested_role_is_never_part_of_what_is_remembered() {
    let stack = stack(&CONFIG.replace("skygear", "hasura")).redis().start();
    stack.redis().put("token-a", &record("u-17"));
    for role in ["admin", "user", "admin"] {
        let seen = stack
            .get("/")
            .bearer("token-a")
            .header("X-Hasura-Role", role)
            .send()
            .seen();
        assert_eq!(seen.one("X-Hasura-Role"), Some(role));
    }
    let plain = stack.get("/").bearer("token-a").send().seen();
    assert_eq!(
        plain.one("X-Hasura-Role"),
        Some("user"),
        "the default again"
    );
}

#[test]
fn without_negative_ttl_every_unknown_token_is_asked_for() {
    let stack = stack(&CONFIG.replace("negative_ttl: 1h", "negative_ttl: 0s"))
        .redis()
        .start();
    let before = stack.redis().reads();
    for round in 1..=5 {
        assert_eq!(user(&stack, "token-a"), "-");
        assert_eq!(stack.redis().reads() - before, round);
    }
    stack.expect_metric("sessiongate_cache_negative_entries", 0.0);
}
