//! The admin listener: every page, what it must not show, and that its numbers are true.

use crate::harness::{Connection, Stack, free_port, record, stack};
use serde_json::Value;

const CONFIG: &str = "
sessions:
  web: {token: [bearer], memory: {seed: seed.yaml}}
  kept: {token: [{cookie: sid}], redis: {url: 'redis://127.0.0.1:1/0', username: gate, password: {env: PASSWORD}}}
upstreams:
  app: {servers: ['unix:app.sock']}
routes:
  - {name: open, host: open.test, upstream: app, identity: none}
  - {name: blog, upstream: app, identity: skygear, require: {roles: [admin]}}
";

fn started() -> Stack {
    stack(CONFIG)
        .env("PASSWORD", "s3cret-pass")
        .seed("token-1", &record("u-17"))
        .start()
}

#[test]
fn each_page_answers() {
    let stack = started();
    for (page, content_type, part) in [
        ("/livez", "text/plain", "ok"),
        ("/readyz", "text/plain", "serving"),
        (
            "/metrics",
            "text/plain; version=0.0.4",
            "sessiongate_build_info",
        ),
        ("/status", "text/html", "<title>sessiongate</title>"),
        ("/status.json", "application/json", "\"state\""),
        ("/config", "application/json", "\"routes\""),
        ("/routes", "application/json", "blog"),
        ("/upstreams", "application/json", "app.sock"),
    ] {
        let reply = stack.admin(page);
        assert_eq!(reply.status, 200, "{page}");
        assert!(
            reply
                .header("Content-Type")
                .is_some_and(|kind| kind.starts_with(content_type)),
            "{page}"
        );
        assert_eq!(reply.header("Cache-Control"), Some("no-store"), "{page}");
        assert!(reply.text().contains(part), "{page}: {}", reply.text());
    }
    assert_eq!(stack.admin("/nothing").status, 404);
}

#[test]
fn changes_are_refused() {
    let stack = started();
    for page in ["/livez", "/metrics", "/config", "/status.json"] {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let reply = stack.admin_request(method, page).send();
            assert_eq!(
                (reply.status, reply.header("Allow")),
                (405, Some("GET, HEAD")),
                "{method} {page}"
            );
        }
        assert_eq!(
            stack.admin_request("HEAD", page).send().status,
            200,
            "HEAD {page}"
        );
    }
}

#[test]
fn its_pages_are_not_on_the_public_listener() {
    let stack = started();
    for page in ["/metrics", "/config", "/livez"] {
        let seen = stack.get(page).host("open.test").send().seen();
        assert_eq!(seen.target(), page, "it is the upstream's");
    }
}

#[test]
fn a_loopback_listener_answers_to_loopback_names_only() {
    let (port, admin) = (free_port(), free_port());
    let yaml = format!(
        "listen: 127.0.0.1:{port}\nadmin: {{listen: '127.0.0.1:{admin}'}}\nroutes:\n  - {{upstream: '127.0.0.1:1'}}\n"
    );
    let stack = stack("routes:\n  - {upstream: 'unix:app.sock'}\n")
        .file("two.yaml", &yaml)
        .start();
    let mut second = std::process::Command::new(env!("CARGO_BIN_EXE_sessiongate"))
        .args(["run", "--config", "two.yaml"])
        .current_dir(stack.path(""))
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let status = |host: &str| {
        let mut connection = Connection::tcp(admin).ok()?;
        connection
            .try_send(format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n\r\n"))
            .ok()?;
        Some(connection.try_reply().ok()?.status)
    };
    let answered = crate::harness::eventually("the admin listener answers", || status("localhost"));
    let rebound = status("evil.test");
    second.kill().expect("it is ours");
    second.wait().expect("it is ours");
    assert_eq!((answered, rebound), (200, Some(421)));
}

#[test]
fn the_configuration_is_shown_with_defaults_and_without_secrets() {
    let stack = started();
    let config = stack.admin("/config");
    assert!(!config.text().contains("s3cret-pass"), "{}", config.text());
    assert!(config.text().contains("<redacted>"), "{}", config.text());
    assert!(
        config.text().contains("stale_if_error"),
        "defaults are shown: {}",
        config.text()
    );
    assert!(!config.text().contains("token-1"), "no seed is shown");
}

#[test]
fn the_routes_say_who_passes() {
    let stack = started();
    let routes = stack.admin("/routes").json();
    let blog = routes
        .as_array()
        .and_then(|routes| routes.iter().find(|route| route["name"] == "blog"));
    let text = blog.map(Value::to_string).unwrap_or_default();
    assert!(text.contains("admin") && text.contains("app"), "{text}");
}

#[test]
fn per_route_and_status_counters_sum_to_the_requests() {
    let stack = started();
    for _ in 0..3 {
        assert_eq!(stack.get("/").bearer("token-1").send().status, 200);
        assert_eq!(stack.get("/").send().status, 401);
    }
    assert_eq!(stack.get("/").host("open.test").send().status, 200);
    assert_eq!(stack.get("/%2f").send().status, 400);
    stack.expect_metric(
        "sessiongate_http_requests_total{route=\"blog\",status=\"200\"}",
        3.0,
    );
    stack.expect_metric(
        "sessiongate_http_requests_total{route=\"blog\",status=\"401\"}",
        3.0,
    );
    stack.expect_metric(
        "sessiongate_http_requests_total{route=\"none\",status=\"400\"}",
        1.0,
    );
    stack.expect_metric_sum("sessiongate_http_requests_total", 8.0);
    stack.expect_metric_sum("sessiongate_http_request_duration_seconds_count", 8.0);
    stack.expect_metric_sum("sessiongate_overhead_seconds_count", 8.0);
    stack.expect_metric_sum("sessiongate_denied_total", 4.0);
    stack.expect_metric_sum("sessiongate_http_requests_in_flight", 0.0);
}

#[test]
fn lookups_are_counted_by_what_they_came_to() {
    let stack = started();
    for token in ["token-1", "token-1", "nobody", "nobody"] {
        stack.get("/").bearer(token).send();
    }
    stack.get("/").header("Authorization", "Bearer a b").send();
    let of = |result: &str| {
        stack.metric(&format!(
            "sessiongate_session_lookups_total{{result=\"{result}\",source=\"web\"}}"
        ))
    };
    assert_eq!((of("store"), of("hit")), (1.0, 1.0));
    assert_eq!(of("negative"), 1.0, "an unknown token is remembered");
    assert_eq!(of("invalid"), 2.0, "one unknown, one that no token can be");
    stack.get("/").send();
    let absent = "sessiongate_session_lookups_total{result=\"absent\",source=\"none\"}";
    assert_eq!(stack.metric(absent), 1.0);
}

#[test]
fn every_family_has_help_and_the_prefix_and_no_label_that_a_client_chooses() {
    let stack = started();
    for path in ["/odd-path", "/odd-path?token=x", "/c"] {
        stack
            .get(path)
            .host("strange.test")
            .bearer("nobody")
            .header("User-Agent", "strange")
            .send();
    }
    let page = stack.admin("/metrics").text();
    let families = page.lines().filter_map(|line| {
        line.strip_prefix("# TYPE ")?
            .split(' ')
            .next()
            .map(str::to_owned)
    });
    for family in families {
        assert!(family.starts_with("sessiongate_"), "{family}");
        assert!(
            page.contains(&format!("# HELP {family} ")),
            "{family} has no help"
        );
    }
    for foreign in ["strange", "nobody", "odd-path", "u-17"] {
        assert!(!page.contains(foreign), "{foreign} in a label");
    }
    for part in [
        "_process_open_fds",
        "_overhead_seconds_bucket{route=\"blog\",le=\"0.000025\"}",
        "_store_up{source=\"web\"} 1",
    ] {
        assert!(page.contains(part), "{part} in\n{page}");
    }
}

#[test]
fn the_status_page_knows_the_state_and_the_traffic() {
    let stack = started();
    stack.get("/").bearer("token-1").send();
    let status = stack.admin("/status.json").json();
    assert_eq!(status["state"], "serving");
    assert!(
        status["version"]
            .as_str()
            .is_some_and(|version| !version.is_empty())
    );
    assert!(status.to_string().contains("uptime_seconds"));
    assert!(!status.to_string().contains("token-1") && !status.to_string().contains("s3cret-pass"));
}

#[test]
fn a_password_in_a_url_is_on_no_page() {
    let yaml = "
sessions: {redis: 'redis://gate:s3cret-in-url@127.0.0.1:1/0'}
routes: [{upstream: 'unix:app.sock', identity: skygear}]
";
    let stack = stack(yaml).start();
    assert_eq!(stack.get("/").bearer("token-1").send().status, 503);
    for page in [
        "/config",
        "/status.json",
        "/metrics",
        "/routes",
        "/upstreams",
    ] {
        let text = stack.admin(page).text();
        assert!(!text.contains("s3cret-in-url"), "{page}: {text}");
    }
    assert!(stack.admin("/config").text().contains("<redacted>"));
    assert!(
        !stack.gateway.output().contains("s3cret-in-url"),
        "{}",
        stack.gateway.output()
    );
}
