//! R7, R9: a connection that falls silent, is slow, or comes back: who is served meanwhile, and what holds from the first
//! answer on.

use crate::harness::{Clock, Connection, RefusingPort, Stack, What, eventually, record, stack};
use std::time::Duration;

const CONFIG: &str = "
sessions: {redis: {url: '${REDIS}', timeout: {connect: 200ms, reply: 200ms}}}
cache: {ttl: 60s, negative_ttl: 60s, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
";

/// What a loaded machine may add to a time that is measured.
const A_SLOW_MACHINE: Duration = Duration::from_secs(3);

fn running() -> Stack {
    stack(CONFIG).redis_proxied().start()
}

fn ask(stack: &Stack, token: &str) -> Connection {
    let mut connection = stack.connect();
    connection.send(stack.get("/").bearer(token).bytes());
    connection
}

fn status(stack: &Stack, token: &str) -> u16 {
    stack.get("/").bearer(token).send().status
}

/// Sessions that are served without asking Redis; the user is named after the token.
#[track_caller]
fn make_known(stack: &Stack, tokens: &[String]) {
    for token in tokens {
        stack.redis().put(token, &record(&format!("u-{token}")));
    }
    for token in tokens {
        eventually(&format!("{token} is remembered"), || {
            let before = stack.proxy().reads(token);
            let user = stack.get("/").bearer(token).send().user();
            (user == format!("u-{token}") && stack.proxy().reads(token) == before).then_some(())
        });
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("token-{index}")).collect()
}

fn bound(stack: &Stack) -> Duration {
    let page = stack.admin("/status.json").json();
    let bound = page["sources"][0]["revocation"]["bound_seconds"].as_f64();
    Duration::from_secs_f64(bound.expect("a bound"))
}

fn is_announced(stack: &Stack) -> bool {
    stack.metric("sessiongate_invalidation_connected{source=\"default\"}") == 1.0
}

fn hits(stack: &Stack) -> f64 {
    stack.metric("sessiongate_session_lookups_total{result=\"hit\",source=\"default\"}")
}

#[track_caller]
fn expect_recovery(stack: &Stack) {
    stack.proxy().restore();
    eventually("changes are announced again", || {
        is_announced(stack).then_some(())
    });
}

#[test]
fn a_network_that_falls_silent_is_distrusted_and_no_known_session_fails() {
    let stack = running();
    make_known(&stack, &names(2));
    let bound = bound(&stack);
    assert!(bound < Duration::from_secs(60), "better than the ttl");
    stack.proxy().silence();
    let since = Clock::start();
    stack.redis().remove("token-0");
    eventually("the silence is noticed", || {
        assert_eq!(status(&stack, "token-1"), 200);
        (!is_announced(&stack)).then_some(())
    });
    let noticed = since.elapsed();
    assert!(
        noticed < bound + A_SLOW_MACHINE,
        "noticed after {noticed:?}, with a bound of {bound:?}"
    );
    let before = hits(&stack);
    for _ in 0..10 {
        assert_eq!(status(&stack, "token-1"), 200);
        let unknown = stack.get("/").bearer("unknown").send();
        assert_eq!(unknown.denial(), (503, "store_down".to_owned()));
        assert!(unknown.header("Retry-After").is_some());
    }
    assert_eq!(hits(&stack), before, "none of them as if it were certain");
    expect_recovery(&stack);
    assert_eq!(
        status(&stack, "token-0"),
        401,
        "the first answer after the silence"
    );
    assert_eq!(status(&stack, "token-1"), 200);
    assert_eq!(status(&stack, "unknown"), 401);
}

#[test]
fn a_network_that_stalls_and_goes_on_has_hurt_nobody() {
    let stack = running();
    make_known(&stack, &names(2));
    stack.proxy().stall();
    stack.redis().remove("token-0");
    let unknown = stack.get("/").bearer("unknown").send();
    assert_eq!(unknown.denial(), (503, "store_down".to_owned()));
    assert_eq!(status(&stack, "token-1"), 200);
    stack.proxy().release();
    eventually("the revocation holds", || {
        (status(&stack, "token-0") == 401).then_some(())
    });
    assert_eq!(status(&stack, "token-1"), 200);
    eventually("Redis is asked again", || {
        (status(&stack, "unknown") == 401).then_some(())
    });
}

#[test]
fn an_answer_that_comes_too_late_is_nobody_elses() {
    let stack = running();
    for token in names(3) {
        stack.redis().put(&token, &record(&format!("u-{token}")));
    }
    for token in names(2) {
        stack.proxy().hold(What::answer(&token));
        let reply = stack.get("/").bearer(&token).send();
        assert_eq!(reply.denial(), (503, "store_down".to_owned()));
        assert!(reply.header("Retry-After").is_some());
        stack.proxy().release();
    }
    for token in names(3).iter().rev() {
        let reply = eventually("Redis answers in time", || {
            let reply = stack.get("/").bearer(token).send();
            (reply.status == 200).then_some(reply)
        });
        assert_eq!(reply.user(), format!("u-{token}"));
    }
}

#[test]
fn a_known_session_goes_on_when_answers_come_too_late() {
    let stack = stack(&CONFIG.replace("ttl: 60s, neg", "ttl: 1ms, neg"))
        .redis_proxied()
        .start();
    stack.redis().put("token-0", &record("u-17"));
    eventually("it is remembered", || {
        assert_eq!(status(&stack, "token-0"), 200);
        (stack.metric("sessiongate_cache_entries") == 1.0).then_some(())
    });
    stack.proxy().hold(What::answer("token-0"));
    let reply = stack.get("/").bearer("token-0").send();
    assert_eq!(reply.user(), "u-17");
    assert_eq!(
        stack
            .gateway
            .access_line(reply.header("X-Request-Id").expect("an id"))["tier"],
        "stale"
    );
    stack.proxy().release();
    stack.redis().remove("token-0");
    eventually("and ends when Redis says so", || {
        (status(&stack, "token-0") == 401).then_some(())
    });
}

#[test]
fn an_answer_over_a_connection_that_was_given_up_is_not_remembered() {
    let stack = stack(&CONFIG.replace("reply: 200ms", "reply: 10s"))
        .redis_proxied()
        .start();
    stack.redis().put("token-0", &record("u-17"));
    let connections = stack.proxy().connections();
    stack.proxy().hold(What::answer("token-0"));
    let mut early = ask(&stack, "token-0");
    stack.proxy().wait_for(&What::answer("token-0"));
    stack.redis().remove("token-0");
    eventually("the gateway gives the connection up", || {
        (stack.proxy().connections() > connections).then_some(())
    });
    eventually("a late request is answered over the next one", || {
        (status(&stack, "token-0") == 401).then_some(())
    });
    stack.proxy().release();
    let early = early.reply().status;
    assert!([200, 503].contains(&early), "{early}");
    for _ in 0..10 {
        assert_eq!(status(&stack, "token-0"), 401);
    }
}

#[test]
fn a_master_that_turns_read_only_is_no_longer_believed_without_asking() {
    let stack = running();
    make_known(&stack, &names(1));
    let (epochs, connections) = (
        stack.metric("sessiongate_cache_invalidations_total{origin=\"flush\"}"),
        stack.proxy().connections(),
    );
    let nowhere = RefusingPort::reserve();
    stack
        .redis()
        .command(&["REPLICAOF", "127.0.0.1", &nowhere.port().to_string()]);
    eventually("the node notices", || (!is_announced(&stack)).then_some(()));
    assert!(stack.metric("sessiongate_cache_invalidations_total{origin=\"flush\"}") > epochs);
    eventually("and looks for the master at the same address", || {
        (stack.proxy().connections() > connections).then_some(())
    });
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 1.0);
    let reads = stack.proxy().reads("token-0");
    assert_eq!(status(&stack, "token-0"), 200);
    assert_eq!(stack.proxy().reads("token-0"), reads + 1, "asked for again");
    stack.redis().command(&["REPLICAOF", "NO", "ONE"]);
    stack.redis().remove("token-0");
    expect_recovery(&stack);
    assert_eq!(status(&stack, "token-0"), 401);
}

#[test]
fn what_was_flushed_is_not_served_when_redis_goes_away_right_after() {
    let stack = running();
    make_known(&stack, &names(1));
    let before = stack.metric("sessiongate_cache_invalidations_total{origin=\"flush\"}");
    stack.redis().command(&["FLUSHALL"]);
    eventually("the flush is heard", || {
        let flushes = stack.metric("sessiongate_cache_invalidations_total{origin=\"flush\"}");
        (flushes > before).then_some(())
    });
    stack.proxy().close();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    let reply = stack.get("/").bearer("token-0").send();
    assert_eq!(reply.denial(), (503, "store_down".to_owned()));
}

#[test]
fn what_was_revoked_in_an_outage_is_not_served_after_it_when_redis_does_not_answer_in_time() {
    let stack = running();
    make_known(&stack, &names(1));
    stack.proxy().close();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    stack.redis().remove("token-0");
    assert_eq!(
        status(&stack, "token-0"),
        200,
        "nobody is logged out by an outage"
    );
    expect_recovery(&stack);
    stack.proxy().hold(What::question("token-0"));
    let reply = stack.get("/").bearer("token-0").send();
    assert_eq!(reply.denial(), (503, "store_down".to_owned()));
    stack.proxy().release();
    eventually("Redis says so", || {
        (status(&stack, "token-0") == 401).then_some(())
    });
}

#[test]
fn many_sessions_that_are_due_at_once_are_each_asked_for_once() {
    let stack = stack(&CONFIG.replace("reply: 200ms", "reply: 10s"))
        .redis_proxied()
        .start();
    let tokens = names(100);
    make_known(&stack, &tokens);
    stack.proxy().close();
    stack.expect_metric("sessiongate_store_up{source=\"default\"}", 0.0);
    for token in &tokens {
        assert_eq!(status(&stack, token), 200);
    }
    expect_recovery(&stack);
    let before: Vec<usize> = tokens
        .iter()
        .map(|token| stack.proxy().reads(token))
        .collect();
    // Held, so that all of them are on their way at once.
    stack.proxy().hold(What::answer("token-0"));
    let mut first = ask(&stack, "token-0");
    stack.proxy().wait_for(&What::answer("token-0"));
    let others = (0..4).flat_map(|_| tokens.iter().map(|token| (token, ask(&stack, token))));
    let mut others: Vec<_> = others.collect();
    eventually("every session is asked for", || {
        let asked = tokens
            .iter()
            .zip(&before)
            .all(|(token, before)| stack.proxy().reads(token) > *before);
        asked.then_some(())
    });
    stack.proxy().release();
    assert_eq!(first.reply().user(), "u-token-0");
    for (token, request) in &mut others {
        assert_eq!(request.reply().user(), format!("u-{token}"));
    }
    for (token, before) in tokens.iter().zip(before) {
        assert_eq!(stack.proxy().reads(token), before + 1, "{token}");
    }
    assert!(stack.proxy().most_reads_at_once() <= tokens.len());
}

#[test]
fn no_more_than_1024_loads_are_on_their_way_and_who_is_turned_away_may_come_again() {
    let stack = stack(&CONFIG.replace("reply: 200ms", "reply: 10s"))
        .redis_proxied()
        .start();
    stack.proxy().hold(What::answer("token-0"));
    let mut requests: Vec<_> = names(1100).iter().map(|token| ask(&stack, token)).collect();
    eventually("somebody is turned away", || {
        (stack.metric("sessiongate_session_lookups_total{result=\"error\",source=\"default\"}")
            > 0.0)
            .then_some(())
    });
    stack.proxy().release();
    for request in &mut requests {
        let reply = request.reply();
        let may_come_again = reply.status == 503 && reply.header("Retry-After").is_some();
        assert!(reply.status == 401 || may_come_again, "{}", reply.status);
    }
    assert!(stack.proxy().most_reads_at_once() <= 1024);
    assert_eq!(status(&stack, "token-1099"), 401);
}
