//! `http:` of a source: what it becomes, and what is refused.

use super::{compile, good, line, said};
use crate::store::{HttpSettings, Proof, StoreSettings};

fn file(source: &str) -> String {
    format!("listen: :80\nsessions:\n  {source}\nroutes: [{{upstream: a:1, identity: skygear}}]\n")
}

fn settings(source: &str) -> HttpSettings {
    let blueprint = good(&file(source)).blueprint;
    let StoreSettings::Carried(carried) = &blueprint.sources[0].store else {
        panic!("{source}");
    };
    let Proof::Http(settings) = &carried.proof else {
        panic!("{source}");
    };
    HttpSettings::clone(settings)
}

#[test]
fn a_url_is_enough_and_every_default_can_be_stated() {
    let short = settings("http: http://127.0.0.1:3000/resolve");
    let stated = settings(
        "http: {url: 'http://127.0.0.1:3000/resolve', method: GET, identity: skygear, headers: {}, statuses: {401: invalid},
    cache_control: heed, timeout: {connect: 1s, total: 2s}, max_in_flight: 256}",
    );
    let statuses = short.statuses.clone();
    assert_eq!(HttpSettings { statuses, ..stated }, short);
}

#[test]
fn what_is_in_force_can_be_read_again() {
    let source = "http: {url: 'http://127.0.0.1:3000/resolve', identity: json, valid: ok, headers: {X-Api-Key: k},
    map: {user_id: user.id, attrs: {plan: [a.b, c]}}, statuses: {302: invalid, 403: error}, max_in_flight: 7,
    invalidated_by: {redis: 'redis://h/2', prefixes: 'app:'}}";
    let shown = good(&file(source)).redacted["sessions"]["default"]["http"].clone();
    assert_eq!(shown["headers"]["x-api-key"], "<redacted>");
    assert_eq!(shown["statuses"]["302"], "invalid");
    let again = shown.to_string().replace("<redacted>", "k");
    assert_eq!(settings(&format!("http: {again}")), settings(source));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let cases = [
        (
            "http: {url: 'http://user:hunter2@a/', identity: authgear}",
            "http.url: a URL holds no user and no password here: send them in a header",
        ),
        ("http: {identity: authgear}", "http: missing key `url`"),
        (
            "http: {url: 'http://a/', identity: json}",
            "http: nothing says where the user is named",
        ),
        (
            "http: {url: 'http://a/', identity: kratos, method: HEAD}",
            "http.method: an answer to HEAD has no body to read",
        ),
        (
            "http: {url: 'http://a/', headers: {Cookie: x}}",
            "http.headers.Cookie: `cookie` is written by the gateway",
        ),
        (
            "http: {url: 'http://a/', statuses: {503: invalid}}",
            "http.statuses.503: 429 and what begins with 5 say",
        ),
        (
            "http: {url: 'http://a/', statuses: {401: session}}",
            "http.statuses.401: only an answer that begins with 2",
        ),
        (
            "http: {url: 'http://a/', max_in_flight: 0}",
            "http.max_in_flight: out of range",
        ),
        (
            "http: {url: 'http://a/', map: {user_id: 'a b'}}",
            "http.map.user_id: invalid HTTP header name",
        ),
        (
            "{http: 'http://a/', redis: 'redis://h'}",
            "a session source keeps its sessions in one place",
        ),
    ];
    refuses(&cases);
}

#[test]
fn a_redis_that_cannot_be_followed_is_refused() {
    refuses(&[
        (
            "http: {url: 'http://a/', invalidated_by: {redis: 'redis://h'}}",
            "http.invalidated_by: missing key `prefixes`",
        ),
        (
            "http: {url: 'http://a/', invalidated_by: {prefixes: 's:'}}",
            "http.invalidated_by: missing key `redis`",
        ),
        (
            "http: {url: 'http://a/', invalidated_by: {redis: 'redis://h', prefixes: []}}",
            "http.invalidated_by.prefixes: no prefix is followed",
        ),
        (
            "http: {url: 'http://a/', invalidated_by: {redis: 'redis://h', prefixes: ['']}}",
            "http.invalidated_by.prefixes[0]: expected text, found an empty one",
        ),
        (
            "http: {url: 'http://a/', invalidated_by: {redis: 'redis://h', prefixes: ['app:s:', 'app:']}}",
            "http.invalidated_by.prefixes[1]: this prefix overlaps with `app:s:`",
        ),
        (
            "http: {url: 'http://a/', invalidated_by: {redis: {url: 'redis://h', invalidation: none}, prefixes: ['s:']}}",
            "http.invalidated_by.redis.invalidation: unknown key `invalidation`",
        ),
    ]);
}

#[track_caller]
fn refuses(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        let source = match source.strip_prefix('{') {
            Some(rest) => rest.trim_end_matches('}').replace(", redis", "\n  redis"),
            None => (*source).to_owned(),
        };
        let issues = compile(&file(&source)).expect_err(&source);
        let seen: Vec<String> = issues.iter().map(line).collect();
        assert!(
            seen.iter().any(|line| line.contains(expected)),
            "{source}: {expected}: {seen:?}"
        );
    }
}

#[test]
fn a_header_that_stands_in_the_file_is_not_quoted() {
    let text = file("http: {url: 'ftp://a/', headers: {X-Api-Key: hunter2}}");
    let said = said(&text);
    assert!(!said.contains("hunter2"), "{said}");
}
