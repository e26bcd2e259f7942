//! The authgear and custom profiles, `none`, and several profiles on one route.

use crate::harness::{Stack, record, stack};
use serde_json::{Value, json};

fn started(routes: &str, record: &Value) -> Stack {
    let sessions = "sessions:\n  web: {memory: {seed: seed.yaml}}\nroutes:\n";
    stack(&format!("{sessions}{routes}"))
        .seed("token-1", record)
        .start()
}

fn family(stack: &Stack, prefix: &str) -> Vec<(String, String)> {
    stack
        .get("/")
        .bearer("token-1")
        .send()
        .seen()
        .family(prefix)
}

fn pairs(head: &str, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| (format!("{head}{name}"), (*value).to_owned()))
        .collect()
}

const AUTHGEAR: &str = "  - {upstream: 'unix:app.sock', identity: authgear}\n";

#[test]
fn authgear_tells_a_full_session_in_eight_headers() {
    let mut record = record("u-17");
    record["attrs"] = json!({"amr": ["pwd", "otp"], "can_reauthenticate": true});
    let expected = pairs(
        "x-authgear-",
        &[
            ("session-amr", "pwd otp"),
            ("session-authenticated-at", "1568678400"),
            ("session-valid", "true"),
            ("user-anonymous", "false"),
            ("user-can-reauthenticate", "true"),
            ("user-id", "u-17"),
            ("user-roles", "user,admin"),
            ("user-verified", "true"),
        ],
    );
    assert_eq!(family(&started(AUTHGEAR, &record), "x-authgear-"), expected);
}

#[test]
fn authgear_says_valid_false_for_an_invalid_session_and_nothing_for_none() {
    let stack = started(AUTHGEAR, &record("u"));
    let invalid = stack.get("/").bearer("nobody").send().seen();
    assert_eq!(
        invalid.family("x-authgear-"),
        pairs("x-authgear-", &[("session-valid", "false")])
    );
    assert_eq!(stack.get("/").send().seen().family("x-authgear-"), []);
}

#[test]
fn authgear_counts_a_disabled_user_as_invalid() {
    let mut record = record("u");
    record["disabled"] = json!(true);
    let expected = pairs("x-authgear-", &[("session-valid", "false")]);
    assert_eq!(family(&started(AUTHGEAR, &record), "x-authgear-"), expected);
}

const CUSTOM: &str = "
  - upstream: unix:app.sock
    identity:
      headers:
        X-User: '{user.id}'
        X-Roles: '{roles}'
        X-Email: '{attrs.email}'
        X-Phone: '{attrs.phone}'
        X-Disabled: '{user.disabled}'
        X-Note: 'user {user.id} acts as {role}'
";

#[test]
fn custom_headers_are_literal_text_and_fields_and_left_out_when_a_field_is_missing() {
    let stack = started(CUSTOM, &record("u-17"));
    let seen = stack.get("/").bearer("token-1").send().seen();
    for (name, value) in [
        ("X-User", Some("u-17")),
        ("X-Roles", Some("user,admin")),
        ("X-Email", Some("ada@example.com")),
        ("X-Phone", None),
        ("X-Disabled", Some("false")),
        ("X-Note", Some("user u-17 acts as user")),
    ] {
        assert_eq!(seen.one(name), value, "{name}");
    }
}

#[test]
fn custom_headers_are_absent_without_a_valid_session_and_stripped_from_every_client() {
    let stack = started(CUSTOM, &record("u-17"));
    for request in [stack.get("/"), stack.get("/").bearer("nobody")] {
        let seen = request
            .header("X-User", "root")
            .header("x.email", "root@x")
            .header("X-Phone", "1")
            .send()
            .seen();
        for name in ["X-User", "X-Email", "x.email", "X-Phone", "X-Note"] {
            assert_eq!(seen.all(name), [""; 0], "{name}");
        }
    }
}

#[test]
fn none_tells_nothing_keeps_the_credential_and_still_strips() {
    let stack = started(
        "  - {upstream: 'unix:app.sock', identity: none}\n",
        &record("u"),
    );
    let seen = stack
        .get("/")
        .bearer("token-1")
        .header("X-Skygear-User-Id", "root")
        .send()
        .seen();
    assert_eq!(seen.family("x-skygear-"), []);
    assert_eq!(seen.one("Authorization"), Some("Bearer token-1"));
}

#[test]
fn several_profiles_are_told_together() {
    let stack = started(
        "  - {upstream: 'unix:app.sock', identity: [skygear, hasura]}\n",
        &record("u-17"),
    );
    let seen = stack.get("/").bearer("token-1").send().seen();
    assert_eq!(seen.one("x-skygear-user-id"), Some("u-17"));
    assert_eq!(seen.one("X-Hasura-User-Id"), Some("u-17"));
    assert_eq!(seen.one("X-Hasura-Role"), Some("user"));
}

#[test]
fn where_the_defaults_of_several_profiles_differ_the_stricter_holds() {
    let mut record = record("u");
    record["disabled"] = json!(true);
    let stack = started(
        "  - {upstream: 'unix:app.sock', identity: [skygear, hasura]}\n",
        &record,
    );
    assert_eq!(
        stack.get("/").bearer("nobody").send().denial(),
        (401, "invalid_session".to_owned())
    );
    assert_eq!(
        stack.get("/").bearer("token-1").send().denial(),
        (403, "disabled".to_owned())
    );
    assert_eq!(stack.upstream.count(), 0);
    let seen = stack.get("/").send().seen();
    assert_eq!(
        (seen.one("X-Hasura-Role"), seen.family("x-skygear-")),
        (Some("anonymous"), vec![])
    );
}

#[test]
fn what_one_route_writes_is_stripped_on_every_other() {
    let routes =
        format!("{CUSTOM}    host: a.test\n  - {{upstream: 'unix:app.sock', identity: none}}\n");
    let stack = started(&routes, &record("u"));
    let seen = stack
        .get("/")
        .header("X-User", "root")
        .header("x_note", "root")
        .header("X-Hasura-Role", "root")
        .send()
        .seen();
    assert_eq!(
        (
            seen.all("X-User"),
            seen.all("x_note"),
            seen.family("x-hasura-")
        ),
        (vec![], vec![], vec![])
    );
}
