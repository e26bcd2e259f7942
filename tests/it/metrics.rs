//! The numbers add up over a series of every kind of request, and no label says what a client chose.

use crate::harness::{Answer, Stack, eventually, record, sha256_hex, stack};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const CONFIG: &str = "
client: {max_body: 1KiB}
cache: {negative_ttl: 1h}
sessions:
  web: {token: [bearer], redis: '${REDIS}'}
  gone: {token: [{cookie: gone}], redis: 'unix:///nowhere/redis.sock'}
upstreams:
  app: ['unix:app.sock']
  away: ['unix:away.sock']
routes:
  - {name: sky, host: sky, upstream: app, identity: skygear}
  - {name: data, host: data, upstream: app, identity: hasura}
  - {name: members, host: members, upstream: app, identity: skygear, require: {roles: [admin]}}
  - {name: broken-road, host: away, upstream: away}
";

/// Host, header lines with `|` between them, the status, and how often.
const SERIES: [(&str, &str, u16, usize); 14] = [
    ("sky", "", 200, 3),
    ("sky", "Authorization: Bearer known", 200, 4),
    ("sky", "Authorization: Bearer unknown", 200, 2),
    ("sky", "Authorization: Bearer a b", 200, 1),
    ("sky", "Authorization: Bearer broken", 502, 2),
    ("sky", "Cookie: gone=x", 503, 2),
    ("sky", "x-skygear-user-id: root|x-hasura-role: root", 200, 2),
    (
        "data",
        "Authorization: Bearer known|X-Hasura-Role: admin",
        200,
        1,
    ),
    (
        "data",
        "Authorization: Bearer known|X-Hasura-Role: root",
        403,
        2,
    ),
    ("data", "Authorization: Bearer unknown", 401, 3),
    ("members", "", 401, 1),
    (
        "sky",
        "Authorization: Bearer known|Authorization: Bearer known",
        400,
        1,
    ),
    ("away", "", 502, 2),
    ("elsewhere", "", 404, 5),
];

fn started() -> Stack {
    let stack = stack(CONFIG).redis().start();
    stack.redis().put("known", &record("u-17"));
    let key = format!("session:{}", sha256_hex("broken"));
    stack.redis().command(&["SET", &key, "{}"]);
    stack
}

/// Sends the series; gives the number of requests by status.
fn send_all(stack: &Stack) -> BTreeMap<u16, usize> {
    let mut sent = BTreeMap::new();
    for (host, lines, status, times) in SERIES {
        for _ in 0..times {
            let lines = lines.split('|').filter(|line| !line.is_empty());
            let request = lines.fold(
                stack.get("/private?q=private").host(host),
                |request, line| request.line(line),
            );
            let reply = request.send();
            assert_eq!(reply.status, status, "{host}: {}", reply.text());
            *sent.entry(status).or_default() += 1;
        }
    }
    for (bytes, status) in [
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET /a%2fb HTTP/1.1\r\nHost: sky\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nHost: sky\r\nContent-Length: 4096\r\n\r\n",
            413,
        ),
    ] {
        assert_eq!(stack.exchange(bytes).status, status, "{bytes:?}");
        *sent.entry(status).or_default() += 1;
    }
    sent
}

/// The samples of a family: labels as printed, and the value.
fn samples(page: &str, name: &str) -> Vec<(BTreeMap<String, String>, f64)> {
    let lines = page.lines().filter_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix('{')?
            .rsplit_once("} ")
    });
    let parse = |(labels, value): (&str, &str)| {
        let pairs = labels.trim_end_matches('"').split("\",");
        let pairs = pairs.filter_map(|pair| pair.split_once("=\""));
        let owned = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        (owned.collect(), value.parse().expect("a number"))
    };
    lines.map(parse).collect()
}

fn sum(samples: &[(BTreeMap<String, String>, f64)], key: &str, value: &str) -> f64 {
    let own = samples.iter();
    let own = own.filter(|(labels, _)| labels.get(key).is_some_and(|own| own == value));
    own.map(|(_, count)| count).sum()
}

#[test]
fn every_request_is_counted_once_under_its_status() {
    let stack = started();
    let sent = send_all(&stack);
    let total: usize = sent.values().sum();
    for name in [
        "http_requests_total",
        "http_request_duration_seconds_count",
        "overhead_seconds_count",
    ] {
        stack.expect_metric_sum(&format!("sessiongate_{name}"), total as f64);
    }
    stack.expect_metric_sum("sessiongate_http_requests_in_flight", 0.0);
    let page = stack.admin("/metrics").text();
    let requests = samples(&page, "sessiongate_http_requests_total");
    for (status, count) in &sent {
        assert_eq!(
            sum(&requests, "status", &status.to_string()),
            *count as f64,
            "{status}"
        );
    }
    assert_eq!(
        sum(&requests, "route", "none"),
        8.0,
        "refused before any route"
    );
    let denied: f64 = samples(&page, "sessiongate_denied_total")
        .iter()
        .map(|(_, count)| count)
        .sum();
    let refused: usize = sent
        .iter()
        .filter(|(status, _)| **status >= 400)
        .map(|(_, count)| count)
        .sum();
    assert_eq!(denied, refused as f64, "each refusal has its reason");
    assert_eq!(
        stack.upstream.count() as f64,
        sum(
            &samples(&page, "sessiongate_upstream_requests_total"),
            "result",
            "response"
        )
    );
    assert_eq!(
        stack.gateway.log("access").len(),
        total,
        "and each has its line"
    );
}

#[test]
fn lookups_errors_and_forgeries_are_counted_where_they_happened() {
    let stack = started();
    send_all(&stack);
    stack.expect_metric_sum("sessiongate_http_requests_in_flight", 0.0);
    for (metric, expected) in [
        (r#"session_lookups_total{result="store",source="web"}"#, 1.0),
        (r#"session_lookups_total{result="hit",source="web"}"#, 6.0),
        (
            r#"session_lookups_total{result="negative",source="web"}"#,
            4.0,
        ),
        (
            r#"session_lookups_total{result="invalid",source="web"}"#,
            2.0,
        ),
        (r#"session_lookups_total{result="error",source="web"}"#, 2.0),
        (
            r#"session_lookups_total{result="error",source="gone"}"#,
            2.0,
        ),
        (
            r#"session_lookups_total{result="absent",source="none"}"#,
            7.0,
        ),
        (r#"broken_records_total{source="web"}"#, 2.0),
        (r#"forged_headers_total{route="sky"}"#, 4.0),
        (r#"store_up{source="web"}"#, 1.0),
        (r#"store_up{source="gone"}"#, 0.0),
        (r#"cache_entries"#, 1.0),
        (r#"cache_negative_entries"#, 1.0),
        (r#"denied_total{reason="role_not_owned",route="data"}"#, 2.0),
        (r#"denied_total{reason="broken_record",route="sky"}"#, 2.0),
        (r#"denied_total{reason="store_down",route="sky"}"#, 2.0),
        (r#"denied_total{reason="no_route",route="none"}"#, 5.0),
        (
            r#"denied_total{reason="upstream_unreachable",route="broken-road"}"#,
            2.0,
        ),
        (r#"denied_total{reason="body_too_large",route="sky"}"#, 1.0),
    ] {
        stack.expect_metric(&format!("sessiongate_{metric}"), expected);
    }
}

#[test]
fn labels_say_configured_names_and_closed_lists_only() {
    let stack = started();
    send_all(&stack);
    stack.request("PRIVATE", "/").host("sky").send();
    let server = |name: &str| format!("unix:{}", stack.path(name).display());
    let (app, away) = (server("app.sock"), server("away.sock"));
    let routes = ["sky", "data", "members", "broken-road", "none"];
    let allowed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([
        ("route", BTreeSet::from(routes)),
        ("source", BTreeSet::from(["web", "gone", "none"])),
        ("upstream", BTreeSet::from(["app", "away"])),
        ("server", BTreeSet::from([&*app, &away])),
        ("tier", BTreeSet::from(["memory", "store"])),
        (
            "kind",
            // Of store failures, and of messages.
            BTreeSet::from([
                "io",
                "timeout",
                "auth",
                "unavailable",
                "overload",
                "session",
                "user",
                "jti",
                "malformed",
            ]),
        ),
    ]);
    let page = stack.admin("/metrics").text();
    let names: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| Some(line.split_once('{')?.0))
        .collect();
    let all = names.iter().flat_map(|name| {
        samples(&page, name)
            .into_iter()
            .map(move |(labels, _)| (name, labels))
    });
    for (name, labels) in all {
        for (key, value) in &labels {
            match allowed.get(key.as_str()) {
                Some(values) => assert!(values.contains(value.as_str()), "{name}: {key}={value:?}"),
                None if ["le", "version", "hash"].contains(&key.as_str()) => {}
                None if key == "status" => assert!(value.parse::<u16>().is_ok(), "{name}: {value}"),
                None => {
                    assert!(
                        ["result", "reason", "origin"].contains(&key.as_str()),
                        "{name}: a label {key}"
                    );
                    let is_word = value.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                    assert!(
                        is_word && !value.contains("private"),
                        "{name}: {key}={value:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_numbers_of_the_status_page_move_with_the_traffic() {
    let stack = started();
    stack.upstream.on("/never", Answer::Silence);
    let number = |pointer: &str| {
        stack
            .admin("/status.json")
            .json()
            .pointer(pointer)
            .and_then(Value::as_u64)
    };
    let keys = [
        "/requests/total",
        "/requests/denied",
        "/cache/entries",
        "/cache/negative_entries",
    ];
    assert_eq!(keys.map(number), [Some(0); 4]);
    let sent = send_all(&stack);
    let total: usize = sent.values().sum();
    let refused: usize = sent
        .iter()
        .filter(|(status, _)| **status >= 400)
        .map(|(_, count)| count)
        .sum();
    let expected = [total as u64, refused as u64, 1, 1].map(Some);
    eventually("the numbers of the series", || {
        (keys.map(number) == expected).then_some(())
    });
    let mut waiting = stack.connect();
    waiting.send(stack.get("/never").host("sky").bytes());
    stack.upstream.wait_for("/never", 0);
    assert_eq!(number("/requests/in_flight"), Some(1));
    drop(waiting);
    eventually("nobody waits", || {
        (number("/requests/in_flight") == Some(0)).then_some(())
    });
}
