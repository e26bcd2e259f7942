//! Several servers, those that are away, those that are slow, and those that talk nonsense.

use crate::harness::{Answer, Clock, RefusingPort, Stack, Upstream, eventually, stack};
use std::collections::BTreeSet;
use std::time::Duration;

fn start(upstreams: &str) -> Stack {
    stack(&format!(
        "upstreams:\n  app: {upstreams}\nroutes:\n  - {{upstream: app}}\n"
    ))
    .start()
}

#[test]
fn an_upstream_that_is_away_is_502() {
    let stack = start("{servers: ['unix:away.sock']}");
    for _ in 0..3 {
        let reply = stack.get("/").send();
        assert_eq!(reply.denial(), (502, "upstream_unreachable".to_owned()));
        assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    }
    let refusing = RefusingPort::reserve();
    let tcp = start(&format!("{{servers: ['127.0.0.1:{}']}}", refusing.port()));
    assert_eq!(
        tcp.get("/").send().denial(),
        (502, "upstream_unreachable".to_owned())
    );
}

#[test]
fn requests_go_round_all_servers() {
    let upstreams: Vec<Upstream> = (0..3).map(|_| Upstream::tcp()).collect();
    let servers: Vec<String> = upstreams
        .iter()
        .map(|upstream| format!("127.0.0.1:{}", upstream.port()))
        .collect();
    let stack = start(&format!("{{servers: [{}]}}", servers.join(", ")));
    for _ in 0..9 {
        assert_eq!(stack.get("/").send().status, 200);
    }
    let counts: Vec<usize> = upstreams.iter().map(Upstream::count).collect();
    assert_eq!(counts, [3, 3, 3]);
}

#[test]
fn a_server_that_refuses_is_passed_over_whatever_the_method() {
    let refusing = RefusingPort::reserve();
    let stack = start(&format!(
        "{{servers: ['127.0.0.1:{}', 'unix:app.sock']}}",
        refusing.port()
    ));
    for index in 0..10 {
        let body = format!("body {index}");
        let reply = stack.post("/").body(&body).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.seen().body, body.as_bytes());
    }
    assert_eq!(stack.upstream.count(), 10);
    eventually("failed attempts are counted as well", || {
        (stack.metric_sum("sessiongate_upstream_requests_total") >= 11.0).then_some(())
    });
}

#[test]
fn a_server_that_comes_back_is_used_again() {
    let stack = start("{servers: ['unix:late.sock']}");
    assert_eq!(stack.get("/").send().status, 502);
    let late = Upstream::unix(&stack.path("late.sock"));
    eventually("the server is used", || {
        (stack.get("/").send().status == 200).then_some(())
    });
    assert!(late.count() > 0);
}

#[test]
fn a_silent_server_is_504_after_the_read_timeout() {
    let stack = start("{servers: ['unix:app.sock'], timeout: {read: 300ms}}");
    stack.upstream.on("/", Answer::Silence);
    let clock = Clock::start();
    assert_eq!(
        stack.get("/").send().denial(),
        (504, "upstream_timeout".to_owned())
    );
    let took = clock.elapsed();
    assert!(
        took >= Duration::from_millis(300) && took < Duration::from_secs(3),
        "{took:?}"
    );
    assert_eq!(
        stack.upstream.count(),
        1,
        "a request that was sent is not sent again"
    );
    assert_eq!(stack.get("/other").send().status, 200);
}

#[test]
fn a_request_that_a_server_took_and_dropped_is_not_sent_again() {
    let stack = start("{servers: ['unix:app.sock']}");
    stack.upstream.on("/", Answer::RawThenClose(Vec::new()));
    let reply = stack.post("/").body("pay 10").send();
    assert_eq!(reply.denial(), (502, "upstream_error".to_owned()));
    assert_eq!(stack.upstream.count(), 1);
}

#[test]
fn an_answer_that_is_not_http_is_502() {
    let stack = start("{servers: ['unix:app.sock']}");
    for (path, raw) in [
        ("/banner", "220 mail.test ESMTP\r\n"),
        ("/garbage", "\u{0}\u{1}\u{2}"),
        ("/status", "HTTP/1.1 abc OK\r\n\r\n"),
    ] {
        stack.upstream.on(path, Answer::RawThenClose(raw.into()));
        let reply = stack.get(path).send();
        assert_eq!(reply.status, 502, "{path}: {}", reply.text());
    }
    assert_eq!(stack.get("/").send().status, 200);
}

#[test]
fn a_refusal_of_the_upstream_is_its_own() {
    let stack = start("{servers: ['unix:app.sock']}");
    let own = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno";
    stack.upstream.on("/", Answer::Raw(own.into()));
    let reply = stack.get("/").send();
    assert_eq!(
        (
            reply.status,
            reply.text().as_str(),
            reply.header("WWW-Authenticate")
        ),
        (401, "no", Some("Basic"))
    );
    stack.expect_metric_sum("sessiongate_denied_total", 0.0);
}

#[test]
fn connections_to_the_upstream_are_kept_and_shared() {
    let stack = start("{servers: ['unix:app.sock']}");
    let mut connection = stack.connect();
    for _ in 0..20 {
        connection.send(stack.get("/").bytes());
        assert_eq!(connection.reply().status, 200);
    }
    assert!(
        stack.upstream.connections() <= 2,
        "{} connections for twenty requests",
        stack.upstream.connections()
    );
}

/// More than the 128 that Pingora keeps by itself.
#[test]
fn as_many_connections_are_kept_as_were_in_use_at_once() {
    let stack = stack("routes: [{upstream: 'unix:app.sock'}]\n")
        .threads(1)
        .start();
    let mut clients: Vec<_> = (0..200).map(|_| stack.connect()).collect();
    let mut wave = |path: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\n\r\n");
        for client in &mut clients {
            client.send(&head);
        }
        eventually("all are under way", || {
            let seen = stack.upstream.seen();
            let there = seen.iter().filter(|seen| seen.target() == path).count();
            (there == clients.len()).then_some(())
        });
        for client in &mut clients {
            assert_eq!(client.send("x").reply().status, 200);
        }
        stack.upstream.connections()
    };
    assert_eq!(wave("/first"), wave("/second"));
}

#[test]
fn a_connection_that_the_upstream_closed_meanwhile_costs_no_get_an_error() {
    let stack = start("{servers: ['unix:app.sock']}");
    let closing = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    stack.upstream.on("/", Answer::RawThenClose(closing.into()));
    let statuses: BTreeSet<u16> = (0..10).map(|_| stack.get("/").send().status).collect();
    assert_eq!(statuses, BTreeSet::from([200]));
}

#[test]
fn names_are_resolved() {
    let upstream = Upstream::tcp();
    let stack = start(&format!("{{servers: ['localhost:{}']}}", upstream.port()));
    assert_eq!(stack.get("/").send().status, 200);
    let unknown = start("{servers: ['does-not-exist.invalid:80']}");
    assert_eq!(
        unknown.get("/").send().denial(),
        (502, "upstream_unreachable".to_owned())
    );
}
