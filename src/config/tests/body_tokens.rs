//! `form`, `json` and `body_token`.

use super::{compile, good, line};
use crate::token::TokenSource;

fn file(tokens: &str, route: &str) -> String {
    format!(
        "listen: :80\nsessions: {{token: {tokens}, memory: }}\nroutes: [{{upstream: \"a:1\", identity: skygear, {route}}}]\n"
    )
}

#[test]
fn places_in_a_body_are_read_in_every_form() {
    let text = file(
        "[bearer, {cookie: t}, {form: t}, {json: t}, {form: 'a[b]'}, {json: a.b}, {json: [a.b, c]}]",
        "body_token: true",
    );
    let loaded = good(&text);
    assert_eq!(loaded.warnings, []);
    let tokens = &loaded.blueprint.sources[0].tokens;
    let shown: Vec<String> = tokens.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "bearer",
            "cookie:t",
            "form:t",
            "json:t",
            "form:a[b]",
            "json:a.b",
            "json:a.b.c"
        ]
    );
    let TokenSource::Json(path) = &tokens[6] else {
        panic!("{tokens:?}")
    };
    assert_eq!(path.names(), [Box::from("a.b"), Box::from("c")]);
    let shown = serde_json::to_string(&loaded.redacted).expect("JSON is YAML");
    assert_eq!(good(&shown).blueprint, loaded.blueprint, "{shown}");
}

#[test]
fn a_route_says_how_large_a_body_is_looked_into() {
    for (said, bytes) in [
        ("body_token: true", Some(16_384)),
        ("body_token: 1B", Some(1)),
        ("body_token: 64KiB", Some(65_536)),
        ("body_token: '${YES:-true}'", Some(16_384)),
        ("body_token: '${CAP:-32KiB}'", Some(32_768)),
        ("body_token: false", None),
        ("name: silent", None),
    ] {
        let seen = good(&file("[bearer, {form: t}]", said)).blueprint;
        assert_eq!(seen.routes[0].body_token_bytes, bytes, "{said}");
    }
}

#[test]
fn what_cannot_be_a_place_or_a_size_is_refused() {
    let tokens = [
        (
            "{form: 5}",
            "expected text, found a number [put it in quotes]",
        ),
        (
            "{form: \"a\\nb\"}",
            "not the name of a field [1 to 128 bytes on one line]",
        ),
        (
            "{json: a..b}",
            "not a path to a member [1 to 8 names of 1 to 128 bytes, `auth.token` or [auth, token]]",
        ),
        (
            "{json: []}",
            "not a path to a member [1 to 8 names of 1 to 128 bytes, `auth.token` or [auth, token]]",
        ),
        ("{json: [a, {b: c}]}", "expected text, found a mapping []"),
        (
            "{form: a, json: b}",
            "one place is one kind of token [make it an entry of its own]",
        ),
        (
            "{body: a}",
            "unknown key `body` [known here: cookie, cookie_session, form, json]",
        ),
    ];
    for (token, said) in tokens {
        refused(
            &file(&format!("[{{form: t}}, {token}]"), "body_token: true"),
            said,
        );
    }
    let sizes = [
        ("0B", "out of range [from 1B to 64KiB]"),
        ("65537B", "out of range [from 1B to 64KiB]"),
        (
            "lots",
            "not a size [a whole number and B, KiB, MiB or GiB: `64KiB`]",
        ),
        (
            "16384",
            "expected `true`, `false` or a size, found a number [such as `32KiB`; at most `64KiB`]",
        ),
        (
            "{}",
            "expected `true`, `false` or a size, found a mapping [such as `32KiB`; at most `64KiB`]",
        ),
        (
            "'true'",
            "expected `true` or `false`, found text [without quotes]",
        ),
    ];
    for (size, said) in sizes {
        refused(&file("[{form: t}]", &format!("body_token: {size}")), said);
    }
}

#[test]
fn a_place_and_a_route_that_looks_there_belong_together() {
    let alone = "no session source that this route asks takes its token from a body [such as `token: [bearer, {form: access_token}, {json: token}]` on the source]";
    refused(&file("[bearer, {cookie: t}]", "body_token: true"), alone);
    refused(
        "listen: :80\nsessions: {token: {form: t}, memory: }\nroutes: [{upstream: \"a:1\", body_token: true}]\n",
        alone,
    );
    for route in ["body_token: false", "name: silent"] {
        let warned = good(&file("[bearer, {json: t}]", route)).warnings;
        let said: Vec<String> = warned.iter().map(line).collect();
        assert_eq!(
            said,
            [
                "2:11 sessions: no route looks into bodies for the tokens of `default` [`body_token: true` on a route that asks it]"
            ],
            "{route}"
        );
    }
}

#[track_caller]
fn refused(text: &str, said: &str) {
    let issues = compile(text).expect_err(text);
    let lines: Vec<String> = issues.iter().map(line).collect();
    assert!(
        lines.len() == 1 && lines[0].ends_with(&format!(": {said}")),
        "{text}\n{lines:#?}"
    );
}
