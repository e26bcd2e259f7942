//! `on_push: suspect`: applications that write the record on every request neither ruin the hit ratio nor hide a
//! revocation.

use crate::harness::{Reply, Stack, eventually, record, sha256_hex, stack};
use serde_json::{Value, json};

fn running(on_push: &str) -> Stack {
    let config = format!(
        "
sessions: {{web: {{redis: {{url: '${{REDIS}}', on_push: {on_push}}}}}}}
cache: {{ttl: 60s, negative_ttl: 60s}}
routes:
  - {{upstream: 'unix:app.sock', identity: skygear, require: session}}
"
    );
    stack(&config).redis().start()
}

fn ask(stack: &Stack, token: &str) -> Reply {
    stack.get("/").bearer(token).send()
}

fn key(token: &str) -> String {
    format!("session:{}", sha256_hex(token))
}

#[track_caller]
fn know(stack: &Stack, token: &str, record: &Value) {
    stack.redis().put(token, record);
    eventually("it is known", || {
        let before = stack.redis().reads();
        let is_let_in = ask(stack, token).status == 200;
        (is_let_in && stack.redis().reads() == before).then_some(())
    });
}

fn refreshed(stack: &Stack, result: &str) -> f64 {
    stack.metric(&format!(
        "sessiongate_session_refreshes_total{{result=\"{result}\",source=\"web\"}}"
    ))
}

fn loaded_by_requests(stack: &Stack) -> f64 {
    stack.metric("sessiongate_session_lookups_total{result=\"store\",source=\"web\"}")
}

#[test]
fn a_record_that_is_touched_on_every_use_is_read_again_before_anybody_asks() {
    let stack = running("suspect");
    know(&stack, "token-a", &record("u-17"));
    let before = loaded_by_requests(&stack);
    // The first read may have been overtaken by what told of the record.
    let changed = refreshed(&stack, "changed");
    for seconds in 1..=20 {
        let done = refreshed(&stack, "unchanged");
        let touch = ["EXPIRE", &key("token-a"), &(1000 + seconds).to_string()];
        stack.redis().command(&touch);
        eventually("it has been read again", || {
            (refreshed(&stack, "unchanged") > done).then_some(())
        });
        let reply = ask(&stack, "token-a");
        assert_eq!(reply.seen().one("x-skygear-user-id"), Some("u-17"));
    }
    assert_eq!(loaded_by_requests(&stack), before, "no request had to ask");
    let mut rewritten = record("u-17");
    rewritten["last_access"] = json!("now");
    stack.redis().put("token-a", &rewritten);
    eventually("it has been read again", || {
        (refreshed(&stack, "unchanged") >= 21.0).then_some(())
    });
    assert_eq!(
        refreshed(&stack, "changed"),
        changed,
        "no mapped field has changed"
    );
}

#[test]
fn a_revocation_and_a_change_are_no_less_noticed() {
    let stack = running("suspect");
    for round in 0..10 {
        know(&stack, "token-a", &record("u-17"));
        let other = format!("u-{round}");
        stack.redis().put("token-a", &record(&other));
        eventually("the change is told", || {
            let user = ask(&stack, "token-a").user();
            (user == other).then_some(())
        });
        stack.redis().remove("token-a");
        eventually("the revocation holds", || {
            (ask(&stack, "token-a").status == 401).then_some(())
        });
        assert_eq!(ask(&stack, "token-a").status, 401);
    }
    assert!(refreshed(&stack, "changed") >= 1.0);
    assert!(refreshed(&stack, "gone") >= 1.0);
}

#[test]
fn what_nobody_asked_for_is_not_read_when_it_is_written() {
    let stack = running("suspect");
    know(&stack, "token-a", &record("u-17"));
    let before = stack.redis().reads();
    for number in 0..50 {
        stack
            .redis()
            .put(&format!("of-another-node-{number}"), &record("u-18"));
    }
    // The pushes of those have been heard once this answer is there.
    assert_eq!(ask(&stack, "unknown").status, 401);
    assert_eq!(stack.redis().reads() - before, 1);
}

#[test]
fn a_storm_of_writes_is_a_few_reads() {
    let stack = running("suspect");
    know(&stack, "token-a", &record("u-17"));
    let before = stack.redis().reads();
    let client = redis::Client::open(format!("unix://{}", stack.redis().socket().display()));
    let mut connection = client.expect("a URL").get_connection().expect("a server");
    let mut writes = redis::pipe();
    for seconds in 0..1000 {
        writes
            .cmd("EXPIRE")
            .arg(key("token-a"))
            .arg(10_000 + seconds);
    }
    writes.exec(&mut connection).expect("written");
    eventually("it is known again", || {
        let before = stack.redis().reads();
        assert_eq!(ask(&stack, "token-a").status, 200);
        (stack.redis().reads() == before).then_some(())
    });
    let reads = stack.redis().reads() - before;
    assert!(reads <= 50, "{reads} reads for a thousand writes");
}

#[test]
fn with_drop_a_written_record_is_read_when_it_is_next_shown() {
    let stack = running("drop");
    know(&stack, "token-a", &record("u-17"));
    let before = stack.redis().reads();
    stack.redis().command(&["EXPIRE", &key("token-a"), "1000"]);
    assert_eq!(ask(&stack, "unknown").status, 401);
    assert_eq!(stack.redis().reads() - before, 1, "the other token's own");
    assert_eq!(ask(&stack, "token-a").status, 200);
    assert_eq!(stack.redis().reads() - before, 2);
}
