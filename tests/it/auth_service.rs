//! A service is asked who a credential belongs to: each answer has one meaning, is kept as long as it may be, and the
//! question holds the credential and nothing else of the client's.

use crate::harness::{Answer, Seen, Stack, Upstream, eventually, stack};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Remembered for long, so that questions can be counted.
const CONFIG: &str = "
sessions:
  main:
    token: [bearer, {cookie: app_session}]
    http: {url: 'http://127.0.0.1:${AUTH}/resolve', identity: authgear}
cache: {ttl: 1h, negative_ttl: 1h}
routes: [{upstream: 'unix:app.sock', identity: authgear, invalid: reject, logout: true}]
";

const VALID: &str = "x-authgear-session-valid: true\r\nx-authgear-user-id: u-17\r\nx-authgear-user-anonymous: false\r\n\
    x-authgear-user-verified: true\r\nx-authgear-user-can-reauthenticate: true\r\nx-authgear-user-roles: a,b\r\n\
    x-authgear-session-amr: pwd\r\nx-authgear-session-authenticated-at: 1568678400\r\n";

struct Site {
    stack: Stack,
    service: Upstream,
}

fn site(config: &str) -> Site {
    let service = Upstream::tcp();
    let stack = stack(config)
        .env("AUTH", &service.port().to_string())
        .env("AUTH_KEY", "hunter2")
        .start();
    Site { stack, service }
}

impl Site {
    fn answers(&self, status: u16, headers: &str, body: &str) {
        let bytes = answer(status, headers, body);
        for path in ["/resolve", "/sessions/whoami"] {
            self.service.on(path, Answer::Raw(bytes.clone()));
        }
    }

    /// The next question is answered when this end is fed.
    fn holds(&self) -> Sender<Vec<u8>> {
        let (sender, receiver) = channel();
        self.service.on("/resolve", Answer::Fed(receiver));
        sender
    }

    fn status(&self, token: &str) -> u16 {
        self.stack.get("/").bearer(token).send().status
    }

    fn user(&self, token: &str) -> String {
        let reply = self.stack.get("/").bearer(token).send();
        assert_eq!(reply.status, 200);
        reply
            .seen()
            .one("x-authgear-user-id")
            .unwrap_or("-")
            .to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert_eq!(
                self.service.faults(),
                [""; 0],
                "the service was asked badly"
            );
        }
    }
}

fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = match status {
        204 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    format!("HTTP/1.1 {status} Said\r\n{headers}{length}\r\n{body}").into_bytes()
}

#[test]
fn an_unchanged_authgear_is_told_on_in_its_own_headers() {
    let site = site(CONFIG);
    site.answers(200, VALID, "");
    let seen = site.stack.get("/").bearer("t").send().seen();
    let told = seen.family("x-authgear-");
    let mut expected: Vec<(String, String)> = VALID
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    expected.sort();
    assert_eq!(told, expected);
}

#[test]
fn each_answer_has_one_meaning() {
    let site = site(CONFIG);
    let cases = [
        (200, VALID, 200, "valid"),
        (204, VALID, 200, "valid"),
        (
            200,
            "x-authgear-session-valid: false\r\n",
            401,
            "invalid unknown",
        ),
        (200, "", 401, "invalid unknown"),
        (401, "", 401, "invalid unknown"),
        (403, VALID, 401, "invalid unknown"),
        (404, "", 401, "invalid unknown"),
        (
            200,
            "x-authgear-session-valid: true\r\n",
            502,
            "error record",
        ),
        (
            200,
            "x-authgear-session-valid: maybe\r\n",
            502,
            "error record",
        ),
        (200, "content-encoding: br\r\n", 503, "error store"),
        (201, VALID, 503, "error store"),
        (302, "location: /login\r\n", 503, "error store"),
        (400, "", 503, "error store"),
        (429, "retry-after: 1\r\n", 503, "error store"),
        (500, VALID, 503, "error store"),
        (503, "", 503, "error store"),
    ];
    for (at, (status, headers, expected, outcome)) in cases.into_iter().enumerate() {
        site.answers(status, headers, "");
        let reply = site.stack.get("/").bearer(&format!("token-{at}")).send();
        assert_eq!(reply.status, expected, "{status} {headers}");
        let seen = site.stack.outcome(&reply);
        assert!(
            seen.starts_with(outcome.split(' ').next().unwrap_or_default()),
            "{status} {headers}: {seen}"
        );
    }
    site.service
        .on("/resolve", Answer::RawThenClose(b"SSH-2.0\r\n".to_vec()));
    assert_eq!(site.status("token-x"), 503);
}

#[test]
fn a_question_holds_the_credential_as_it_was_shown_and_nothing_else() {
    let site = site(CONFIG);
    site.answers(200, VALID, "");
    let names = |seen: &Seen| {
        let names = seen.headers.iter().map(|(name, _)| name.to_lowercase());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.join(" ")
    };
    let reply = site
        .stack
        .post("/upload?x=1")
        .bearer("t-1")
        .header("Cookie", "other=o; app_session=t-2")
        .header("X-Authgear-User-Id", "root")
        .header("X-Forwarded-For", "6.6.6.6")
        .header("X-Custom", "c")
        .body("a body")
        .send();
    assert_eq!(reply.status, 200);
    let asked = site.service.last();
    assert_eq!(
        asked.line, "GET /resolve HTTP/1.1",
        "whatever the client does"
    );
    assert_eq!(names(&asked), "accept authorization host user-agent");
    assert_eq!(asked.one("authorization"), Some("Bearer t-1"));
    assert_eq!(asked.body, b"");

    let reply = site
        .stack
        .get("/")
        .header("Cookie", "other=o; app_session=t-2")
        .send();
    assert_eq!(reply.status, 200);
    let asked = site.service.last();
    assert_eq!(names(&asked), "accept cookie host user-agent");
    assert_eq!(asked.one("cookie"), Some("app_session=t-2"));
    assert_eq!(site.stack.get("/").send().status, 200);
    assert_eq!(site.service.count(), 2, "nobody is asked for nobody");
}

#[test]
fn headers_of_the_file_go_with_every_question() {
    let config = CONFIG.replace(
        "identity: authgear}\ncache",
        "identity: authgear, method: POST, headers: {X-Api-Key: {env: AUTH_KEY}, Host: accounts.test}}\ncache",
    );
    let site = site(&config);
    site.answers(200, VALID, "");
    assert_eq!(site.user("t"), "u-17");
    let asked = site.service.last();
    assert_eq!(asked.line, "POST /resolve HTTP/1.1");
    assert_eq!(asked.one("x-api-key"), Some("hunter2"));
    assert_eq!(asked.one("host"), Some("accounts.test"));
    assert_eq!(asked.one("content-length"), Some("0"));
    assert!(!site.stack.gateway.output().contains("hunter2"));
}

#[test]
fn an_answer_is_kept_as_long_as_it_may_be() {
    let cases = [
        ("", "heed", 1),
        ("cache-control: max-age=3600\r\n", "heed", 1),
        ("cache-control: no-store\r\n", "heed", 5),
        ("cache-control: max-age=0\r\n", "heed", 5),
        ("cache-control: no-store\r\n", "ignore", 1),
        (
            "ory-session-cache-for: 3600\r\ncache-control: no-store\r\n",
            "heed",
            1,
        ),
        ("ory-session-cache-for: 0\r\n", "ignore", 5),
    ];
    for (headers, control, questions) in cases {
        let config = CONFIG.replace(
            "identity: authgear}\ncache",
            &format!("identity: authgear, cache_control: {control}}}\ncache"),
        );
        let site = site(&config);
        site.answers(200, &format!("{VALID}{headers}"), "");
        for _ in 0..5 {
            assert_eq!(site.user("t"), "u-17");
        }
        assert_eq!(site.service.count(), questions, "{headers} {control}");
        assert_eq!(site.service.connections(), 1, "one is enough, and kept");
    }
}

#[test]
fn fifty_requests_at_once_make_one_question() {
    let config = CONFIG.replace(
        "identity: authgear}\ncache",
        "identity: authgear, timeout: {total: 1m}}\ncache",
    );
    let site = site(&config);
    let held = site.holds();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..50).map(|_| scope.spawn(|| site.user("t"))).collect();
        eventually("all of them wait for one answer", || {
            (site.stack.metric("sessiongate_session_load_waiters") >= 49.0).then_some(())
        });
        held.send(answer(200, VALID, "")).expect("somebody asks");
        for client in clients {
            assert_eq!(client.join().expect("a client"), "u-17");
        }
    });
    assert_eq!(site.service.count(), 1);
}

#[test]
fn what_is_known_outlives_a_service_in_trouble_and_nobody_else_is_let_in() {
    let config = CONFIG.replace(
        "{ttl: 1h, negative_ttl: 1h}",
        "{ttl: 1ms, negative_ttl: 0s, stale_if_error: 1h}",
    );
    let site = site(&config);
    site.answers(200, VALID, "");
    assert_eq!(site.user("t"), "u-17");
    for status in [500, 429, 302] {
        site.answers(status, "", "");
        assert_eq!(site.user("t"), "u-17", "{status}");
        assert_eq!(site.status("unknown"), 503, "{status}");
    }
    let failed = "sessiongate_store_errors_total{kind=\"unavailable\",source=\"main\"}";
    assert!(site.stack.metric(failed) >= 4.0);
    let output = site.stack.gateway.output();
    assert!(output.contains("the auth service cannot say"), "{output}");
    site.answers(401, "", "");
    eventually("the service is heard again", || {
        (site.status("t") == 401).then_some(())
    });
}

#[test]
fn a_service_that_is_slow_or_away_is_an_error_at_its_timeout() {
    let config = CONFIG.replace(
        "identity: authgear}\ncache",
        "identity: authgear, timeout: {total: 100ms}}\ncache",
    );
    let site = site(&config);
    site.service.on("/resolve", Answer::Silence);
    assert_eq!(site.status("t"), 503);
    let timeouts = "sessiongate_store_errors_total{kind=\"timeout\",source=\"main\"}";
    assert!(site.stack.metric(timeouts) >= 1.0);
}

#[test]
fn questions_beyond_the_bound_fail_at_once() {
    let config = CONFIG.replace(
        "identity: authgear}\ncache",
        "identity: authgear, timeout: {total: 1m}, max_in_flight: 1}\ncache",
    );
    let site = site(&config);
    let held = site.holds();
    thread::scope(|scope| {
        let first = scope.spawn(|| site.user("t-1"));
        eventually("the first is asked for", || {
            (site.service.count() == 1).then_some(())
        });
        assert_eq!(site.status("t-2"), 503);
        held.send(answer(200, VALID, "")).expect("somebody asks");
        assert_eq!(first.join().expect("a client"), "u-17");
    });
    let overloads = "sessiongate_store_errors_total{kind=\"overload\",source=\"main\"}";
    assert!(site.stack.metric(overloads) >= 1.0);
    assert!(
        !site
            .stack
            .gateway
            .output()
            .contains("the auth service cannot say")
    );
}

#[test]
fn a_log_out_here_holds_whatever_the_service_says() {
    let site = site(CONFIG);
    site.answers(200, VALID, "");
    assert_eq!(site.user("t"), "u-17");
    let reply = site.stack.post("/.sessiongate/logout").bearer("t").send();
    assert_eq!(reply.status, 204);
    assert_eq!(site.status("t"), 401);
    assert_eq!(site.user("other"), "u-17");
}

#[test]
fn kratos_is_asked_for_its_session_in_json() {
    let config = "
sessions:
  token: [{cookie: ory_kratos_session}]
  http: {url: 'http://127.0.0.1:${AUTH}/sessions/whoami', identity: kratos}
cache: {ttl: 1h}
routes: [{upstream: 'unix:app.sock', identity: skygear, invalid: reject}]
";
    let site = site(config);
    let session = |active: bool| {
        let session = serde_json::json!({
            "id": "f8e1e7f8-4d5f-4a37-9a6e-1a1f7f1b9d10", "active": active, "expires_at": "2126-02-01T10:00:00Z",
            "authenticated_at": "2026-01-01T10:00:00Z", "identity": {"id": "9f425a8d", "traits": {"email": "ann@example.com"},
            "verifiable_addresses": [{"value": "ann@example.com", "verified": true}]},
        });
        session.to_string()
    };
    let get = |token: &str| {
        site.stack
            .get("/")
            .cookie("ory_kratos_session", token)
            .send()
    };
    site.answers(200, "ory-session-cache-for: 60\r\n", &session(true));
    let seen = get("a").seen();
    assert_eq!(seen.one("x-skygear-user-id"), Some("9f425a8d"));
    assert_eq!(seen.one("x-skygear-user-verified"), Some("true"));
    site.answers(200, "", &session(false));
    assert_eq!(get("b").status, 401);
    site.answers(200, "", "<html>Log in</html>");
    assert_eq!(get("c").status, 503, "a page for people is no answer");
    site.answers(401, "", r#"{"error": {"code": 401}}"#);
    assert_eq!(get("d").status, 401);
}
