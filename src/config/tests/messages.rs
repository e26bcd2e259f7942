//! Bad files and exactly what is printed for them.

use super::{compile, said};
use crate::config::issue::Issue;

/// Every kind of fault that does not stop the parser, in one file and in one answer.
const MANY: &str = "listen: :8080
upstreams:
  api: 10.0.0.1:80
sessions: redis://127.0.0.1:6379
cache:
  ttl: lots
  max_entries: -1
  negativ_ttl: 5s
  ttl: 3s
  invalidation: polling
routes:
  - {host: b.example, upstream: apii}
  - upstream: api
    timeot: 5s
    identity: skygaer
    require: {roles: []}
  - upstream: 10.0.0.1:80
threads: no
log: [all]
";

const SAID_OF_MANY: &str = "error: not a duration
 --> config.yaml:6:8
  |
6 |   ttl: lots
  |        ^^^^ a whole number and ms, s, m or h: `250ms`, `30s`, `5m`

error: not a whole number
 --> config.yaml:7:16
  |
7 |   max_entries: -1
  |                ^^ digits, with `_` where it helps: `8`, `1_000_000`

error: unknown key `negativ_ttl`
 --> config.yaml:8:3
  |
8 |   negativ_ttl: 5s
  |   ^^^^^^^^^^^ did you mean `negative_ttl`?

error: `ttl` stands here twice
 --> config.yaml:9:3
  |
9 |   ttl: 3s
  |   ^^^ remove one

error: no such value for `invalidation`
  --> config.yaml:10:17
   |
10 |   invalidation: polling
   |                 ^^^^^^^ one of: tracking, pubsub, none

error: no upstream is called `apii`
  --> config.yaml:12:33
   |
12 |   - {host: b.example, upstream: apii}
   |                                 ^^^^ did you mean `api`?

error: unknown key `timeot`
  --> config.yaml:14:5
   |
14 |     timeot: 5s
   |     ^^^^^^ known here: name, host, path, upstream, sessions, identity, require, invalid, disabled, credentials, underscores, max_body, body_token, logout, whoami

error: no such value for `profile`
  --> config.yaml:15:15
   |
15 |     identity: skygaer
   |               ^^^^^^^ did you mean `skygear`?

error: an empty list lets nobody pass
  --> config.yaml:16:22
   |
16 |     require: {roles: []}
   |                      ^ name a role, or use `require: session`

error: the route `*` takes these requests already
  --> config.yaml:17:5
   |
17 |   - upstream: 10.0.0.1:80
   |     ^^^^^^^^ two routes differ in host or path

error: not a whole number
  --> config.yaml:18:10
   |
18 | threads: no
   |          ^^ digits, with `_` where it helps: `8`, `1_000_000`

error: expected a mapping, found a list
  --> config.yaml:19:6
   |
19 | log: [all]
   |      ^ `key: value`, with a blank after the colon; known here: level, format, access";

#[test]
fn all_errors_are_printed_at_once() {
    assert_eq!(said(MANY), SAID_OF_MANY, "\n{}", said(MANY));
}

#[test]
fn the_machine_form_names_place_path_and_remedy() {
    let issues = compile(MANY).expect_err("many faults");
    let unknown = issues.iter().find(|issue| issue.message.contains("timeot"));
    let json = serde_json::to_value(unknown.expect("an unknown key")).expect("plain data");
    let expected = serde_json::json!({
        "severity": "error", "file": "config.yaml", "line": 14, "column": 5, "path": "routes[1].timeot",
        "message": "unknown key `timeot`", "help": "known here: name, host, path, upstream, sessions, identity, require, invalid, disabled, credentials, \
                 underscores, max_body, body_token, logout, whoami",
    });
    assert_eq!(json, expected);
}

#[test]
fn a_warning_looks_like_an_error_and_refuses_nothing() {
    let text = "listen: :80\nupstreams: {api: \"a:1\"}\nroutes: [{upstream: \"b:1\"}]\n";
    let warnings = super::good(text).warnings;
    let shown: Vec<String> = warnings.iter().map(Issue::to_string).collect();
    let expected = "warning: no route uses the upstream `api`
 --> config.yaml:2:13
  |
2 | upstreams: {api: \"a:1\"}
  |             ^^^ remove it or name it in a route";
    assert_eq!(shown, [expected]);
}

#[test]
fn an_application_that_would_miss_its_own_cookie_is_warned_of() {
    let file = |source: &str, route: &str| {
        format!(
            "listen: :80\nsessions: {{{source}}}\nroutes: [{{upstream: \"b:1\", identity: skygear{route}}}]\n"
        )
    };
    let warned = |source, route| !super::good(&file(source, route)).warnings.is_empty();
    const DJANGO: &str = "redis: {url: \"redis://h\", format: django}";
    const AUTHGEAR: &str = "key: \"a:session:{id}\", redis: {url: \"redis://h\", format: authgear}";
    const BEARER: &str = "token: bearer, redis: {url: \"redis://h\", format: django}";
    const NATIVE: &str = "redis: \"redis://h\"";
    assert!(warned(DJANGO, ""));
    for (source, route) in [
        (DJANGO, ", credentials: keep"),
        (DJANGO, ", credentials: strip"),
        (AUTHGEAR, ""),
        (BEARER, ""),
        (NATIVE, ""),
    ] {
        assert!(!warned(source, route), "{source} {route}");
    }
}

#[test]
fn each_fault_is_shown_at_its_place_with_its_remedy() {
    for (case, text, expected) in FILES {
        assert_eq!(said(text), expected.trim_start(), "{case}");
    }
}

/// Name, file, what is printed after a line break.
const FILES: [(&str, &str, &str); 15] = [
    (
        "a tab",
        "listen:\n\t- :8080\n",
        "
error: a tab in the indentation
 --> config.yaml:2:1
  |
2 |  - :8080
  | ^^^^^^^^ YAML is indented with spaces",
    ),
    (
        "an open quote",
        "listen: \":8080\nroutes:\n  - upstream: a:1\n",
        r#"
error: a quote is opened here and never closed
 --> config.yaml:1:9
  |
1 | listen: ":8080
  |         ^^^^^^ close it"#,
    ),
    (
        "a bare IPv6 address",
        "listen: [::1]:8080\n",
        r#"
error: a list is opened here that does not end
 --> config.yaml:1:10
  |
1 | listen: [::1]:8080
  |          ^^^ quote an IPv6 address: "[::1]:8080""#,
    ),
    (
        "a mapping under a scalar",
        "listen: :8080\n  routes: x\n",
        "
error: a `:` does not belong here
 --> config.yaml:2:9
  |
2 |   routes: x
  |         ^^^ check the indentation; quote a value that holds `: `",
    ),
    (
        "a bare port between brackets",
        "listen: {address: :80, tls: []}\n",
        r#"
error: a `:` does not belong here
 --> config.yaml:1:19
  |
1 | listen: {address: :80, tls: []}
  |                   ^^^ between brackets, quote an address that starts with it: ":8080""#,
    ),
    (
        "an empty file",
        "",
        r#"
error: missing key `listen`
 --> config.yaml:1:1
  = where clients connect: `:8080`, `127.0.0.1:8080`, `"[::1]:8080"` or `unix:/run/app.sock`

error: missing key `routes`
 --> config.yaml:1:1
  = a list, such as: - upstream: 127.0.0.1:9000"#,
    ),
    (
        "a list",
        "- a\n",
        "
error: expected a mapping, found a list
 --> config.yaml:1:1
  |
1 | - a
  | ^^^ `key: value`, with a blank after the colon; known here: version, listen, trusted_proxies, client, upstreams, sessions, cache, assertion, routes, admin, threads, log, shutdown",
    ),
    (
        "a stray character",
        "listen: @x\n",
        "
error: a value cannot start with this character
 --> config.yaml:1:9
  |
1 | listen: @x
  |         ^^ put the value in quotes",
    ),
    (
        "a tag",
        "a: !foo b\n",
        "
error: a YAML tag (`!word`) means nothing here
 --> config.yaml:1:4
  |
1 | a: !foo b
  |    ^^^^^^ remove it",
    ),
    (
        "two documents",
        "---\na: b\n---\n",
        "
error: the file holds more than one document
 --> config.yaml
  = remove the `---` lines",
    ),
    (
        "a key of several words",
        "? [a]\n: b\n",
        "
error: not YAML: a key is a single word
 --> config.yaml:1:1
  |
1 | ? [a]
  | ^^^^",
    ),
    (
        "a number for an address",
        "listen: 8080\nroutes: [{upstream: \"a:1\"}]\n",
        "
error: a port alone is no address
 --> config.yaml:1:9
  |
1 | listen: 8080
  |         ^^^^ put a colon before it: `:8080`",
    ),
    (
        "an unset variable",
        "listen: :80\nthreads: ${THREADS}\nroutes: [{upstream: \"a:1\"}]\n",
        "
error: the variable `THREADS` is not set and has no default
 --> config.yaml:2:10
  |
2 | threads: ${THREADS}
  |          ^^^^^^^^^ set it, or write ${NAME:-default}; `$$` is a dollar sign",
    ),
    (
        "a word that is none beside a secret",
        "listen: :80\nsessions: {redis: {url: \"redis://h\", password: hunter2, format: x}}\nroutes: [{upstream: \"a:1\"}]\n",
        r#"
error: no such value for `format`
 --> config.yaml:2:65
  |
2 | sessions: {redis: {url: "redis://h", password: ***, format: x}}
  |                                                             ^ one of: native, express_session, better_auth, flask_session, django, php_session, laravel, spring_session, authgear, skygear, hasura"#,
    ),
    (
        "a URL with a password",
        "listen: :80\nsessions: redis://gate:hunter2@h/x\nroutes: [{upstream: \"a:1\", require: session}]\n",
        "
error: the path of a Redis URL is a database number
 --> config.yaml:2:11
  |
2 | sessions: redis://gate:***@h/x
  |           ^^^^^^^^^^^^^^^^^^^^ redis://host:6379/0, rediss://host:6380 or unix:///run/redis.sock?db=0",
    ),
];
