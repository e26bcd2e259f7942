//! The admin listener's doors: who may see sessions and change things, and what a request may look like.

use crate::harness::{
    Connection, Reply, Sibling, Stack, eventually, free_port, record, sid, stack,
};
use serde_json::json;

const TOKEN: &str = "an-admin-token-of-32-characters!";

const YAML: &str = "
sessions: {web: {memory: {seed: seed.yaml}, token: [bearer]}}
routes: [{upstream: 'unix:app.sock', identity: skygear, require: session}]
";

fn started() -> Stack {
    stack(YAML)
        .env("ADMIN", TOKEN)
        .seed("token-1", &record("u-17"))
        .start()
}

/// Every guarded row.
const GUARDED: [(&str, &str, &str); 10] = [
    ("POST", "/explain", "{}"),
    ("POST", "/sessions", "{\"user_id\":\"u\"}"),
    ("GET", "/sessions/0123456789abcdef", ""),
    ("DELETE", "/sessions/0123456789abcdef", ""),
    ("GET", "/users/u", ""),
    ("PUT", "/users/u", "{\"disabled\":false}"),
    ("GET", "/users/u/sessions", ""),
    ("DELETE", "/users/u/sessions", ""),
    ("POST", "/events", "{\"revoke\":{\"user\":\"u\"}}"),
    ("POST", "/cache/flush", ""),
];

#[test]
fn a_host_that_is_no_text_is_no_loopback_name() {
    let stack = started();
    let node = OnTcp::start(&stack, "");
    for (host, expected) in [
        (&b"localhost"[..], 200),
        (b"evil.test", 421),
        (b"ev\xefl.test", 421),
    ] {
        let request = [b"GET /livez HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat();
        let mut connection = Connection::tcp(node.port).expect("the admin listener listens");
        assert_eq!(
            connection.send(request).reply().status,
            expected,
            "{host:?}"
        );
    }
}

/// A second node whose admin listener is on TCP.
struct OnTcp {
    port: u16,
    _node: Sibling,
}

impl OnTcp {
    fn start(stack: &Stack, token: &str) -> Self {
        let port = free_port();
        let admin = format!("admin: {{listen: '127.0.0.1:{port}'{token}}}\n");
        let node = Sibling::start(stack, "second", &format!("{admin}{YAML}"));
        let node = Self { port, _node: node };
        // It serves before it says so, and is administered from then on.
        eventually("the node is ready", || {
            (node.ask("GET", "/readyz", &[], "").status == 200).then_some(())
        });
        node
    }

    fn ask(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Reply {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        for line in lines {
            head.push_str(&format!("{line}\r\n"));
        }
        let length = body.len();
        let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        let mut connection = Connection::tcp(self.port).expect("the admin listener listens");
        connection.send(request).reply()
    }
}

#[test]
fn over_tcp_nothing_is_shown_or_changed_without_a_token() {
    let stack = started();
    let node = OnTcp::start(&stack, "");
    let shown = format!("Authorization: Bearer {TOKEN}");
    for (method, path, body) in GUARDED {
        for lines in [&[][..], &[shown.as_str()]] {
            let reply = node.ask(method, path, lines, body);
            assert_eq!(reply.status, 403, "{method} {path}");
            assert!(reply.text().contains("admin: {token"), "{}", reply.text());
        }
    }
    assert_eq!(node.ask("GET", "/livez", &[], "").status, 200);
}

#[test]
fn over_tcp_the_token_opens_and_no_other() {
    let stack = started();
    let node = OnTcp::start(&stack, ", token: {env: ADMIN}");
    let right = format!("Authorization: Bearer {TOKEN}");
    for (method, path, body) in GUARDED {
        for wrong in [
            "X-None: x",
            "Authorization: Bearer wrong",
            "Authorization: Basic d3Jvbmc=",
            &right.replace('!', "?"),
        ] {
            let reply = node.ask(method, path, &[wrong], body);
            assert_eq!(reply.status, 401, "{method} {path} {wrong}");
            let scheme = reply.header("WWW-Authenticate");
            assert!(scheme.is_some_and(|scheme| scheme.starts_with("Bearer")));
            assert!(!reply.text().contains(TOKEN));
        }
        let reply = node.ask(method, path, &[&right], body);
        let is_unknown = path == "/sessions/0123456789abcdef" && method == "GET";
        let expected = match (method, path) {
            ("POST", "/sessions") => 201,
            _ if is_unknown => 404,
            _ => 200,
        };
        assert_eq!(reply.status, expected, "{method} {path}: {}", reply.text());
        assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    }
    for page in ["/livez", "/status.json", "/config"] {
        let reply = node.ask("GET", page, &[], "");
        assert_eq!(reply.status, 200, "{page} stays open");
        assert!(!reply.text().contains(TOKEN), "{page}");
    }
    let session = format!("/sessions/{}", sid("token-1"));
    let reply = node.ask("GET", &session, &[&right], "");
    assert_eq!(reply.json()["user_id"], json!("u-17"));
    assert!(!reply.text().contains("token-1"));
}

#[test]
fn the_command_line_shows_the_token_to_a_node_on_tcp() {
    let stack = started();
    let _node = OnTcp::start(&stack, ", token: {env: ADMIN}");
    let list = ["session", "list", "u-17", "--json", "-c", "second.yaml"];
    let output = stack.command(&list);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains(&sid("token-1")),
        "{said}"
    );
}

#[test]
fn a_web_page_changes_nothing() {
    let stack = started();
    for (method, path, body) in GUARDED {
        for (name, value) in [
            ("Origin", "https://evil.test"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            let request = stack.admin_request(method, path).header(name, value);
            let reply = request.body(body).send();
            assert_eq!(reply.status, 403, "{method} {path} {name}: {value}");
        }
    }
    assert_eq!(stack.get("/").bearer("token-1").send().status, 200);
}

#[test]
fn a_request_is_small_sound_and_about_something() {
    let stack = started();
    let large = format!("{{\"user_id\":\"{}\"}}", "u".repeat(70_000));
    let fits = format!(
        "{{\"user_id\":\"u\",\"attrs\":{{\"x\":\"{}\"}}}}",
        "u".repeat(60_000)
    );
    let cases = [
        ("POST", "/sessions", &*large, 413, "64 KiB"),
        ("POST", "/sessions", &*fits, 400, "16 KiB"),
        ("POST", "/sessions", "", 400, "strict JSON"),
        ("POST", "/sessions", "[]", 400, "JSON object"),
        (
            "POST",
            "/sessions",
            "{\"user_id\":\"u\",\"color\":1}",
            400,
            "color",
        ),
        ("POST", "/sessions", "{\"roles\":[]}", 400, "user_id"),
        (
            "POST",
            "/sessions?source=api",
            "{\"user_id\":\"u\"}",
            404,
            "there are: web",
        ),
        ("POST", "/events", "{\"revoke\":{}}", 400, "session"),
        ("PUT", "/users/u", "{\"disabled\":1}", 400, "disabled"),
        ("POST", "/explain", "{\"headers\":1}", 400, "`headers`"),
        (
            "GET",
            "/sessions/nonsense",
            "",
            400,
            "16 lower-case hex digits",
        ),
        ("GET", "/sessions/0123456789abcdef", "", 404, "no session"),
        ("GET", "/users/a%20b/sessions", "", 400, "visible ASCII"),
        ("GET", "/users/%zz/sessions", "", 400, "percent"),
        ("GET", "/users/u/sessions?colour=red", "", 400, "`source`"),
        ("GET", "/users/u/", "", 404, "no such page"),
    ];
    for (method, path, body, status, part) in cases {
        let mut request = stack.admin_request(method, path);
        if !body.is_empty() {
            request = request.body(body);
        }
        let reply = request.send();
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        assert!(
            reply.text().contains(part),
            "{method} {path}: {}",
            reply.text()
        );
    }
}

#[test]
fn a_path_takes_its_own_methods() {
    let stack = started();
    for (method, path, allow) in [
        ("GET", "/sessions", "POST"),
        ("PUT", "/sessions/0123456789abcdef", "GET, HEAD, DELETE"),
        ("POST", "/users/u", "GET, HEAD, PUT"),
        ("GET", "/cache/flush", "POST"),
        ("GET", "/events", "POST"),
    ] {
        let reply = stack.admin_request(method, path).send();
        assert_eq!(
            (reply.status, reply.header("Allow")),
            (405, Some(allow)),
            "{method} {path}"
        );
    }
}

#[test]
fn what_is_left_of_a_body_is_not_the_next_request() {
    let stack = started();
    let smuggled = "DELETE /users/u-17/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let length = smuggled.len();
    let mut admin = Connection::unix(&stack.path("admin.sock")).expect("it listens");
    let head =
        format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    assert_eq!(admin.send(head + smuggled).reply().status, 200);
    assert!(admin.is_closed());
    assert_eq!(stack.get("/").bearer("token-1").send().status, 200);
}
