//! R7: a store that cannot say is neither "no session" nor "invalid". Nobody is logged out and nobody gets in.

use crate::harness::{Clock, Reply, Stack, eventually, record, stack};
use std::time::Duration;

const CONFIG: &str = "
sessions: ${REDIS}
cache: {ttl: 100ms, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
  - {host: hasura.test, upstream: 'unix:app.sock', identity: hasura}
  - {host: open.test, upstream: 'unix:app.sock', identity: none}
";

fn is_known(stack: &Stack) -> bool {
    let reply = stack.get("/").bearer("known").send();
    reply.status == 200 && reply.seen().one("x-skygear-user-id") == Some("u-17")
}

#[track_caller]
fn make_known(stack: &Stack) {
    stack.redis().put("known", &record("u-17"));
    keep_known(stack);
}

/// The announcement of the write may overtake the first load, which is then answered and not kept.
#[track_caller]
fn keep_known(stack: &Stack) {
    eventually("the session is kept", || {
        assert!(is_known(stack));
        (stack.metric("sessiongate_cache_entries") >= 1.0).then_some(())
    });
}

#[track_caller]
fn assert_unavailable(reply: &Reply, what: &str) {
    assert_eq!(reply.denial(), (503, "store_down".to_owned()), "{what}");
    let after = reply.header("Retry-After").unwrap_or_default();
    assert!(
        after
            .parse::<u32>()
            .is_ok_and(|seconds| (1..=60).contains(&seconds)),
        "{what}: Retry-After: {after}"
    );
    assert!(
        reply.header("Set-Cookie").is_none(),
        "{what}: no cookie is cleared"
    );
    assert!(
        reply.header("WWW-Authenticate").is_none(),
        "{what}: nobody is asked to log in"
    );
    assert_eq!(reply.header("Cache-Control"), Some("no-store"), "{what}");
}

/// What must hold for as long as the store is away.
#[track_caller]
fn assert_nobody_is_hurt(stack: &Stack) {
    let before = stack.upstream.count();
    assert_unavailable(
        &stack.get("/").bearer("unknown").send(),
        "an unknown bearer",
    );
    assert_unavailable(
        &stack.get("/").cookie("session", "unknown").send(),
        "an unknown cookie",
    );
    assert_unavailable(
        &stack.get("/").host("hasura.test").bearer("unknown").send(),
        "on a hasura route",
    );
    assert_eq!(
        stack.upstream.count(),
        before,
        "the upstream heard of a request that nobody could vouch for"
    );
    assert!(is_known(stack), "a known session goes on");
    assert_eq!(
        stack.get("/").send().seen().family("x-skygear-"),
        [],
        "an anonymous request goes on"
    );
    assert_eq!(
        stack
            .get("/")
            .host("open.test")
            .bearer("unknown")
            .send()
            .status,
        200,
        "a route that asks nobody"
    );
    let nobody = stack.get("/").host("hasura.test").send().seen();
    let anonymous = ("x-hasura-role".to_owned(), "anonymous".to_owned());
    assert_eq!(
        nobody.family("x-hasura-"),
        [anonymous],
        "on a hasura route too"
    );
    assert_eq!(
        stack.admin("/readyz").status,
        200,
        "a node that can serve is ready"
    );
}

#[track_caller]
fn assert_recovers(stack: &Stack) {
    stack.redis().put("new", &record("u-new"));
    eventually("the gateway recovers by itself", || {
        let reply = stack.get("/").bearer("new").send();
        (reply.status == 200 && reply.seen().one("x-skygear-user-id") == Some("u-new"))
            .then_some(())
    });
    let unknown = stack.get("/").bearer("unknown").send();
    assert_eq!(
        (unknown.status, unknown.seen().family("x-skygear-")),
        (200, vec![]),
        "it was no negative answer before"
    );
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 1.0);
}

#[test]
fn redis_is_killed_and_comes_back() {
    let mut stack = stack(CONFIG).redis().start();
    make_known(&stack);
    stack.redis_mut().kill();
    let clock = Clock::start();
    // Well past the entry's ttl.
    while clock.elapsed() < Duration::from_millis(400) {
        assert!(
            is_known(&stack),
            "{} ms after the store went away",
            clock.ms()
        );
    }
    assert_nobody_is_hurt(&stack);
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    assert!(stack.metric_sum("sessiongate_store_errors_total") > 0.0);
    stack.redis_mut().restart();
    assert_recovers(&stack);
}

#[test]
fn redis_is_frozen_and_thaws() {
    let stack = stack(CONFIG).redis().start();
    make_known(&stack);
    stack.redis().freeze();
    let clock = Clock::start();
    assert_unavailable(
        &stack.get("/").bearer("unknown-2").send(),
        "a first question to a frozen store",
    );
    assert!(
        clock.elapsed() < Duration::from_secs(2),
        "answered after {} ms",
        clock.ms()
    );
    assert_nobody_is_hurt(&stack);
    stack.redis().thaw();
    assert_recovers(&stack);
}

#[test]
fn redis_is_away_at_start() {
    let mut stack = stack(CONFIG).redis_away().start();
    assert_unavailable(
        &stack.get("/").bearer("unknown").send(),
        "before Redis was ever there",
    );
    assert_eq!(stack.get("/").send().status, 200);
    assert_eq!(stack.admin("/readyz").status, 200);
    eventually("it says so", || {
        stack
            .gateway
            .output()
            .to_lowercase()
            .contains("redis")
            .then_some(())
    });
    stack.redis_mut().restart();
    assert_recovers(&stack);
}

#[test]
fn a_store_error_is_logged_as_error_and_not_as_invalid() {
    let mut stack = stack(CONFIG).redis().start();
    stack.redis_mut().kill();
    let reply = stack.get("/").bearer("unknown").send();
    let line = stack
        .gateway
        .access_line(reply.header("X-Request-Id").expect("an id"));
    let words = (
        line["outcome"].as_str(),
        line["reason"].as_str(),
        line["status"].as_u64(),
    );
    assert_eq!(words, (Some("error"), Some("store_down"), Some(503)));
}

#[test]
fn a_known_session_is_not_served_past_stale_if_error() {
    let config = CONFIG.replace(
        "ttl: 100ms, stale_if_error: 1h",
        "ttl: 100ms, stale_if_error: 300ms",
    );
    let mut stack = stack(&config).redis().start();
    make_known(&stack);
    stack.redis_mut().kill();
    eventually("the stale window ends", || {
        (stack.get("/").bearer("known").send().status == 503).then_some(())
    });
    assert_unavailable(&stack.get("/").bearer("known").send(), "after the window");
}

#[test]
fn a_stale_session_is_not_served_past_its_own_end() {
    let mut stack = stack(CONFIG).redis().start();
    stack.redis().put_for_ms("known", &record("u-17"), 1_000);
    let clock = Clock::start();
    keep_known(&stack);
    stack.redis_mut().kill();
    let mut served = 0;
    while clock.elapsed() < Duration::from_millis(1_300) {
        let asked = clock.elapsed();
        let reply = stack.get("/").bearer("known").send();
        let is_told = reply.status == 200 && reply.seen().one("x-skygear-user-id").is_some();
        assert!(
            !is_told || asked < Duration::from_millis(1_000),
            "served {} ms into a life of 1000",
            asked.as_millis()
        );
        served += u32::from(is_told);
    }
    assert!(served > 0, "and it was served stale before");
}

#[test]
fn a_redis_that_answers_with_errors_is_away_and_not_empty() {
    let stack = stack(CONFIG).redis().start();
    make_known(&stack);
    // An ACL that takes the commands away stands in for any error reply.
    stack
        .redis()
        .command(&["ACL", "SETUSER", "default", "-@read"]);
    eventually("the entry is stale", || {
        let reply = stack.get("/").bearer("other").send();
        (reply.status == 503).then_some(())
    });
    assert_nobody_is_hurt(&stack);
    stack
        .redis()
        .command(&["ACL", "SETUSER", "default", "+@read"]);
    assert_recovers(&stack);
}

#[test]
fn an_error_is_never_remembered_as_an_absence() {
    let config = CONFIG.replace("ttl: 100ms", "ttl: 100ms, negative_ttl: 1h");
    let mut stack = stack(&config).redis().start();
    stack.redis_mut().kill();
    for _ in 0..5 {
        assert_unavailable(
            &stack.get("/").bearer("login").send(),
            "while the store is away",
        );
    }
    stack.redis_mut().restart();
    stack.redis().put("login", &record("u-new"));
    // An absence that was remembered would be 200 without a user, for an hour.
    let reply = eventually("the store answers again", || {
        let reply = stack.get("/").bearer("login").send();
        (reply.status != 503).then_some(reply)
    });
    assert_eq!(reply.seen().one("x-skygear-user-id"), Some("u-new"));
    assert_eq!(stack.metric("sessiongate_cache_negative_entries"), 0.0);
}

#[test]
fn a_session_revoked_while_the_store_was_away_is_refused_once_it_is_back() {
    let mut stack = stack(CONFIG).redis().start();
    make_known(&stack);
    stack.redis_mut().kill();
    assert!(is_known(&stack));
    // It starts empty: nothing that was there before is a session any longer.
    stack.redis_mut().restart();
    eventually("the session is refused", || {
        (!is_known(&stack)).then_some(())
    });
    for _ in 0..50 {
        let reply = stack.get("/").bearer("known").send();
        assert_eq!(
            (reply.status, reply.seen().family("x-skygear-")),
            (200, vec![]),
            "once refused, always refused"
        );
    }
}

/// A way for Redis to be away although it runs, and what ends it.
type Away = (&'static str, fn(&Stack), fn(&Stack));

const AWAY: [Away; 7] = [
    ("cut", |it| it.proxy().close(), |it| it.proxy().restore()),
    (
        "silent",
        |it| it.proxy().silence(),
        |it| it.proxy().restore(),
    ),
    (
        "stalled",
        |it| it.proxy().stall(),
        |it| it.proxy().release(),
    ),
    (
        "loading",
        |it| {
            it.proxy()
                .refuse("LOADING Redis is loading the dataset in memory")
        },
        |it| it.proxy().restore(),
    ),
    (
        "a replica without its master",
        |it| it.proxy().refuse("MASTERDOWN Link with MASTER is down"),
        |it| it.proxy().restore(),
    ),
    (
        "busy",
        |it| it.proxy().refuse("BUSY Redis is busy running a script."),
        |it| it.proxy().restore(),
    ),
    ("closed to us", want_a_password, want_none),
];

fn want_a_password(stack: &Stack) {
    stack
        .redis()
        .command(&["CONFIG", "SET", "requirepass", "s3cret"]);
    stack.proxy().cut();
}

fn want_none(stack: &Stack) {
    let url = format!("unix://{}?pass=s3cret", stack.redis().socket().display());
    stack
        .redis()
        .command_as(&url, &["CONFIG", "SET", "requirepass", ""]);
}

#[test]
fn however_redis_is_away_nobody_is_hurt_and_nothing_of_it_is_left_afterwards() {
    for (how, begin, end) in AWAY {
        let stack = stack(&CONFIG.replace("ttl: 100ms", "ttl: 1h, negative_ttl: 1h"))
            .redis_proxied()
            .start();
        make_known(&stack);
        begin(&stack);
        eventually(&format!("{how}: Redis is away"), || {
            let reply = stack.get("/").bearer("login").send();
            (reply.status == 503).then_some(())
        });
        assert_nobody_is_hurt(&stack);
        end(&stack);
        stack.redis().put("login", &record("u-18"));
        stack.redis().remove("known");
        assert_recovers(&stack);
        let login = stack.get("/").bearer("login").send();
        assert_eq!(login.user(), "u-18", "{how}: no absence was remembered");
        assert!(!is_known(&stack), "{how}: no session either");
    }
}

#[test]
fn a_redis_without_memory_left_is_read_and_heard_as_ever() {
    let stack = stack(&CONFIG.replace("ttl: 100ms", "ttl: 1h"))
        .redis()
        .start();
    make_known(&stack);
    stack.redis().put("other", &record("u-18"));
    stack.redis().command(&["CONFIG", "SET", "maxmemory", "1"]);
    stack.redis().remove("known");
    eventually("a revocation holds", || (!is_known(&stack)).then_some(()));
    assert_eq!(stack.get("/").bearer("other").send().user(), "u-18");
    assert_eq!(stack.get("/").bearer("unknown").send().user(), "-");
    stack.expect_metric(
        "sessiongate_invalidation_connected{source=\"default\"}",
        1.0,
    );
}
