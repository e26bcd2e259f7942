//! Which route a request meets, and R14: the canonical host and path that decide are what is forwarded.

use crate::harness::{Reply, Stack, record, stack};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {name: any-admin, path: '/admin/*', upstream: 'unix:app.sock', identity: {headers: {X-Route: any-admin}}}
  - {name: wild, host: '*.example.com', upstream: 'unix:app.sock', identity: {headers: {X-Route: wild}}}
  - {name: deep, host: '*.deep.example.com', upstream: 'unix:app.sock', identity: {headers: {X-Route: deep}}}
  - {name: blog, host: blog.example.com, upstream: 'unix:app.sock', identity: {headers: {X-Route: blog}}}
  - {name: blog-admin, host: blog.example.com, path: '/admin/*', upstream: 'unix:app.sock', identity: {headers: {X-Route: blog-admin}}}
  - {name: blog-exact, host: blog.example.com, path: /admin/top, upstream: 'unix:app.sock', identity: {headers: {X-Route: blog-exact}}}
  - {name: blog-longer, host: blog.example.com, path: '/admin/users/*', upstream: 'unix:app.sock', identity: {headers: {X-Route: blog-longer}}}
  - {name: address, host: '[::1]', upstream: 'unix:app.sock', identity: {headers: {X-Route: address}}}
";

fn started() -> Stack {
    stack(CONFIG).seed("token-1", &record("u-17")).start()
}

fn ask(stack: &Stack, host: &str, target: &str) -> Reply {
    stack.get(target).host(host).bearer("token-1").send()
}

/// The route that served the request; the label of the refusal if none did.
fn route(reply: &Reply) -> String {
    match reply.status {
        200 => reply.seen().one("X-Route").unwrap_or("?").to_owned(),
        _ => reply.denial().1,
    }
}

#[test]
fn the_most_specific_host_wins_then_the_longest_path() {
    let stack = started();
    for (host, target, expected) in [
        ("blog.example.com", "/", "blog"),
        ("blog.example.com", "/administrator", "blog"),
        ("blog.example.com", "/admin/", "blog-admin"),
        ("blog.example.com", "/admin/x", "blog-admin"),
        ("blog.example.com", "/admin/top", "blog-exact"),
        ("blog.example.com", "/admin/top/", "blog-admin"),
        ("blog.example.com", "/admin/users/1", "blog-longer"),
        ("blog.example.com", "/Admin/x", "blog"),
        ("shop.example.com", "/", "wild"),
        ("shop.example.com", "/admin/x", "wild"),
        ("a.deep.example.com", "/", "deep"),
        ("other.test", "/admin/x", "any-admin"),
        ("other.test", "/", "no_route"),
        ("example.com", "/", "no_route"),
        ("[::1]", "/", "address"),
        ("[0:0::1]:8080", "/", "address"),
    ] {
        assert_eq!(
            route(&ask(&stack, host, target)),
            expected,
            "{host}{target}"
        );
    }
}

#[test]
fn an_unknown_host_is_404_and_nobody_hears_of_it() {
    let stack = started();
    let reply = ask(&stack, "other.test", "/");
    assert_eq!(
        (reply.status, reply.header("Cache-Control")),
        (404, Some("no-store"))
    );
    assert_eq!(stack.upstream.count(), 0);
    stack.expect_metric(
        "sessiongate_denied_total{reason=\"no_route\",route=\"none\"}",
        1.0,
    );
}

#[test]
fn every_spelling_of_a_host_meets_the_same_route_and_is_forwarded_in_one_form() {
    let stack = started();
    for (host, forwarded) in [
        ("blog.example.com", "blog.example.com"),
        ("BLOG.Example.COM", "blog.example.com"),
        ("blog.example.com.", "blog.example.com"),
        ("blog.example.com:8080", "blog.example.com:8080"),
        ("Blog.Example.Com.:8080", "blog.example.com:8080"),
        ("blog.example.com:", "blog.example.com"),
    ] {
        let reply = ask(&stack, host, "/");
        assert_eq!(
            (route(&reply).as_str(), reply.seen().one("Host")),
            ("blog", Some(forwarded)),
            "{host}"
        );
    }
}

#[test]
fn the_canonical_path_decides_and_is_what_is_forwarded() {
    let stack = started();
    for (target, forwarded, expected) in [
        ("/admin/x?a=1&b=%2f..", "/admin/x?a=1&b=%2f..", "blog-admin"),
        ("/x/../admin/x", "/admin/x", "blog-admin"),
        ("/./admin/./x", "/admin/x", "blog-admin"),
        ("//admin//x", "/admin/x", "blog-admin"),
        ("/%61dmin/x", "/admin/x", "blog-admin"),
        ("/x/%2e%2e/admin/x", "/admin/x", "blog-admin"),
        ("/x/%2E./admin/x", "/admin/x", "blog-admin"),
        ("/admin/..", "/", "blog"),
        ("/admin/../x?y", "/x?y", "blog"),
        ("/admin/%7ex", "/admin/~x", "blog-admin"),
        ("/admin/%c3%a4", "/admin/%C3%A4", "blog-admin"),
        ("/a%20b;c=%3b,d", "/a%20b;c=%3B,d", "blog"),
        ("/a...b/...", "/a...b/...", "blog"),
        ("/%25", "/%25", "blog"),
        ("/?/../admin/x", "/?/../admin/x", "blog"),
    ] {
        let reply = ask(&stack, "blog.example.com", target);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        assert_eq!(
            (route(&reply).as_str(), reply.seen().target()),
            (expected, forwarded),
            "{target}"
        );
    }
}

#[test]
fn what_cannot_be_made_canonical_is_refused() {
    let stack = started();
    let targets = [
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%5Cb",
        "/a\\b",
        "/\\admin",
        "/a%00b",
        "/a%0d%0aX:%201",
        "/a%0ab",
        "/a%7f",
        "/a%",
        "/a%2",
        "/a%zz",
        "/..",
        "/../x",
        "/a/../../x",
        "/..;/admin",
        "/a/..;x=1/b",
        "/.;/a",
        "/%2e%2e;/a",
        "/%252e%252e/",
        "/%252f",
        "/a%25%32%66b",
        "/%c0%af",
        "/%c0%ae%c0%ae/",
        "/%e0%80%af",
        "/%f0%80%80%af",
    ];
    for target in targets {
        let reply = ask(&stack, "blog.example.com", target);
        assert_eq!(reply.status, 400, "{target}: {}", reply.text());
    }
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn absolute_form_for_the_same_host_is_forwarded_in_origin_form() {
    let stack = started();
    for (target, host, forwarded) in [
        (
            "http://blog.example.com/admin/x?y=1",
            "blog.example.com",
            "/admin/x?y=1",
        ),
        ("https://blog.example.com/x", "blog.example.com", "/x"),
        ("http://blog.example.com", "blog.example.com", "/"),
        (
            "http://blog.example.com:8080/x",
            "blog.example.com:8080",
            "/x",
        ),
    ] {
        let reply = ask(&stack, host, target);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        assert_eq!(reply.seen().target(), forwarded, "{target}");
    }
}

#[test]
fn options_with_a_star_is_forwarded_as_such() {
    let stack = started();
    let reply = stack
        .request("OPTIONS", "*")
        .host("blog.example.com")
        .send();
    assert_eq!(reply.seen().target(), "*");
}

#[test]
fn every_known_method_is_forwarded() {
    let stack = started();
    for method in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT",
    ] {
        let reply = stack.request(method, "/x").host("blog.example.com").send();
        assert_eq!(reply.seen().line, format!("{method} /x HTTP/1.1"));
    }
}
