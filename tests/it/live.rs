//! The commands that ask others: `check --live` knocks at stores and upstreams, `status` at a node.

use crate::harness::{Stack, record, stack};
use serde_json::Value;
use std::process::Output;

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const LIVE: &str = "
sessions: {web: {redis: {url: '${REDIS}', timeout: {connect: 300ms}}}}
upstreams: {app: ['unix:app.sock'], gone: ['unix:gone.sock']}
routes: [{upstream: app, identity: skygear}, {host: gone.test, upstream: gone}]
";

#[test]
fn check_live_tells_what_is_reached_and_what_is_not() {
    let mut stack = stack(LIVE).redis().start();
    let knock = |stack: &Stack| {
        let output = stack.command(&["check", "--live", "--json", "gate.yaml"]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let list = report["live"].as_array().expect("a list").clone();
        let reached = move |what: &str| {
            let one = list.iter().find(|one| {
                one["what"]
                    .as_str()
                    .is_some_and(|own| own.starts_with(what))
            });
            one.unwrap_or_else(|| panic!("{what} in {list:?}"))["fault"].is_null()
        };
        (output.status.code(), reached)
    };
    let (code, reached) = knock(&stack);
    assert_eq!(code, Some(1), "one upstream is away");
    assert_eq!(
        ["sessions web", "upstream app", "upstream gone"].map(reached),
        [true, true, false]
    );
    stack.redis_mut().kill();
    let (code, reached) = knock(&stack);
    assert_eq!(code, Some(1));
    assert_eq!(
        ["sessions web", "upstream app", "upstream gone"].map(reached),
        [false, true, false]
    );
    let offline = stack.command(&["check", "gate.yaml"]);
    assert_eq!(
        offline.status.code(),
        Some(0),
        "without --live nobody is asked: {}",
        err(&offline)
    );
}

#[test]
fn check_live_is_content_when_all_are_there_and_contacts_no_upstream_with_a_request() {
    let stack = stack(&LIVE.replace("gone.sock", "app.sock"))
        .redis()
        .start();
    let output = stack.command(&["check", "--live", "gate.yaml"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        out(&output),
        err(&output)
    );
    assert_eq!(
        out(&output).matches(": reached").count(),
        3,
        "{}",
        out(&output)
    );
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn check_live_tells_a_wrong_password_without_showing_it() {
    let yaml = "
sessions: {web: {redis: {url: '${REDIS}', password: {env: PASSWORD}}}}
routes: [{upstream: 'unix:app.sock', identity: skygear}]
";
    let stack = stack(yaml)
        .redis_with("--requirepass right-pass")
        .env("PASSWORD", "wr0ng-pass")
        .start();
    let output = stack.command(&["check", "--live", "gate.yaml"]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    assert!(
        out(&output).contains("sessions web: ") && !out(&output).contains("sessions web: reached"),
        "{}",
        out(&output)
    );
    assert!(!(out(&output) + &err(&output)).contains("wr0ng-pass"));
}

#[test]
fn status_tells_of_a_running_node_and_fails_on_a_dead_one() {
    let yaml = "sessions: {web: {memory: {seed: seed.yaml}}}\nroutes: [{upstream: 'unix:app.sock', identity: skygear}]\n";
    let mut stack = stack(yaml).seed("token-1", &record("u-17")).start();
    assert_eq!(stack.get("/").bearer("token-1").send().status, 200);
    stack.expect_metric_sum("sessiongate_http_requests_total", 1.0);
    let words = stack.command(&["status", "-c", "gate.yaml"]);
    assert_eq!(words.status.code(), Some(0), "{}", err(&words));
    for part in [
        "serving",
        "1 answered",
        "sessions   web memory up",
        "app.sock",
    ] {
        assert!(out(&words).contains(part), "{part} in\n{}", out(&words));
    }
    let json = stack.command(&["status", "-c", "gate.yaml", "--json"]);
    let status: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(
        (
            status["state"].as_str(),
            status["requests"]["total"].as_u64()
        ),
        (Some("serving"), Some(1))
    );
    stack.gateway.signal("-TERM");
    stack.gateway.exit();
    let dead = stack.command(&["status", "-c", "gate.yaml"]);
    assert_eq!((dead.status.code(), out(&dead)), (Some(1), String::new()));
    assert!(
        err(&dead).contains("admin.sock"),
        "it says who was asked: {}",
        err(&dead)
    );
}
