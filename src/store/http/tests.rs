//! Answers as the services give them, and what becomes of them. The shapes are those of features.md A.1 to A.3 and F.6,
//! and of the services' own documentation.

use super::answer;
use super::answer_map::{AnswerMap, AnswerPlace};
use super::presets::Preset;
use crate::fetch::FetchResponse;
use crate::store::contract::LookupError;
use crate::store::foreign::{Field, FieldPath};
use crate::store::session::Session;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use time::macros::datetime;

/// What an answer is taken for.
#[derive(Debug, PartialEq)]
enum Seen {
    Session(Box<Session>),
    Invalid,
    /// The field.
    Broken(String),
    Unusable,
}

fn seen(answer: &FetchResponse, map: &AnswerMap) -> Seen {
    match answer::read(answer, map) {
        Ok(Some(session)) => Seen::Session(Box::new(session)),
        Ok(None) => Seen::Invalid,
        Err(LookupError::Broken(broken)) => Seen::Broken(broken.field.into_owned()),
        Err(LookupError::Store(_)) => Seen::Unusable,
        Err(other) => panic!("{other:?}"),
    }
}

fn headers(lines: &[(&'static str, &str)]) -> FetchResponse {
    let line = |(name, value): &(&'static str, &str)| {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        (HeaderName::from_static(name), value)
    };
    FetchResponse {
        status: StatusCode::OK,
        headers: lines.iter().map(line).collect(),
        body: Bytes::new(),
    }
}

fn body(text: &str) -> FetchResponse {
    FetchResponse {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(text.as_bytes()),
    }
}

fn of(preset: Preset, answer: &FetchResponse) -> Seen {
    seen(answer, &preset.answer())
}

fn session(seen: Seen) -> Session {
    match seen {
        Seen::Session(session) => *session,
        other => panic!("{other:?}"),
    }
}

fn broken(field: &str) -> Seen {
    Seen::Broken(field.to_owned())
}

const SKYGEAR: [(&str, &str); 10] = [
    ("x-skygear-user-id", "87dfaacf-a872-444a-948a-1497c6bb2a03"),
    ("x-skygear-user-verified", "true"),
    ("x-skygear-user-disabled", "false"),
    ("x-skygear-session-identity-id", "i-1"),
    ("x-skygear-session-identity-type", "password"),
    (
        "x-skygear-session-identity-updated-at",
        "2019-09-17T00:00:00.000Z",
    ),
    ("x-skygear-session-authenticator-id", "a-1"),
    ("x-skygear-session-authenticator-type", "oob"),
    ("x-skygear-session-authenticator-oob-channel", "sms"),
    (
        "x-skygear-session-authenticator-updated-at",
        "2019-09-18T00:00:00Z",
    ),
];

#[test]
fn the_ten_headers_of_skygear_are_a_session() {
    let session = session(of(Preset::Skygear, &headers(&SKYGEAR)));
    assert_eq!(session.user_id, "87dfaacf-a872-444a-948a-1497c6bb2a03");
    assert!(session.verified && !session.disabled);
    let identity = session.identity.expect("an identity");
    assert_eq!(identity.kind.as_deref(), Some("password"));
    assert_eq!(identity.updated_at, Some(datetime!(2019-09-17 0:00 UTC)));
    let authenticator = session.authenticator.expect("an authenticator");
    assert_eq!(authenticator.id, "a-1");
    assert_eq!(authenticator.channel.as_deref(), Some("sms"));
    assert_eq!(
        authenticator.updated_at,
        Some(datetime!(2019-09-18 0:00 UTC))
    );
}

#[test]
fn skygear_of_the_second_generation_says_so_itself() {
    let valid = [
        ("x-skygear-session-valid", "true"),
        ("x-skygear-user-id", "u-17"),
        ("x-skygear-user-verified", "false"),
        ("x-skygear-user-disabled", "true"),
        ("x-skygear-user-anonymous", "true"),
        ("x-skygear-session-acr", ""),
        ("x-skygear-session-amr", "pwd otp"),
        ("x-skygear-is-master-key", "false"),
    ];
    let session = session(of(Preset::Skygear, &headers(&valid)));
    assert_eq!(session.user_id, "u-17");
    assert!(session.disabled && !session.verified);
    let attrs = json!({"anonymous": true, "acr": "", "amr": "pwd otp"});
    assert_eq!(Value::Object(session.attrs), attrs);
}

#[test]
fn the_eight_headers_of_authgear_are_a_session() {
    let valid = [
        ("x-authgear-session-valid", "true"),
        ("x-authgear-user-id", "u-17"),
        ("x-authgear-user-anonymous", "false"),
        ("x-authgear-user-verified", "true"),
        ("x-authgear-user-can-reauthenticate", "true"),
        ("x-authgear-user-roles", "user,admin"),
        ("x-authgear-session-amr", ""),
        ("x-authgear-session-authenticated-at", "1568678400"),
    ];
    let session = session(of(Preset::Authgear, &headers(&valid)));
    assert_eq!(session.user_id, "u-17");
    assert_eq!(session.roles, ["user", "admin"]);
    assert!(session.verified && !session.disabled);
    assert_eq!(session.created_at, Some(datetime!(2019-09-17 0:00 UTC)));
    let attrs = json!({"anonymous": false, "can_reauthenticate": true, "amr": ""});
    assert_eq!(Value::Object(session.attrs), attrs);
}

#[test]
fn a_service_that_vouches_for_nobody_is_believed_and_one_that_contradicts_itself_is_not() {
    const SKYGEAR: &str = "x-skygear-session-valid";
    const AUTHGEAR: &str = "x-authgear-session-valid";
    const SKYGEAR_ID: &str = "x-skygear-user-id";
    const AUTHGEAR_ID: &str = "x-authgear-user-id";
    type Lines<'a> = &'a [(&'static str, &'a str)];
    let cases: [(Preset, Lines<'_>, Seen); 13] = [
        (Preset::Skygear, &[], Seen::Invalid),
        (Preset::Skygear, &[(SKYGEAR, "false")], Seen::Invalid),
        (
            Preset::Skygear,
            &[(SKYGEAR, "false"), (SKYGEAR_ID, "u")],
            Seen::Invalid,
        ),
        (Preset::Skygear, &[(SKYGEAR, "true")], broken(SKYGEAR)),
        (
            Preset::Skygear,
            &[(SKYGEAR, "yes"), (SKYGEAR_ID, "u")],
            broken(SKYGEAR),
        ),
        (
            Preset::Skygear,
            &[(SKYGEAR_ID, "u"), (SKYGEAR_ID, "v")],
            broken(SKYGEAR_ID),
        ),
        (
            Preset::Skygear,
            &[(SKYGEAR_ID, "u"), ("x-skygear-user-verified", "yes")],
            broken("x-skygear-user-verified"),
        ),
        (Preset::Authgear, &[], Seen::Invalid),
        (Preset::Authgear, &[(AUTHGEAR, "false")], Seen::Invalid),
        (Preset::Authgear, &[(AUTHGEAR_ID, "u")], Seen::Invalid),
        (
            Preset::Authgear,
            &[(AUTHGEAR, "true"), (AUTHGEAR, "false"), (AUTHGEAR_ID, "u")],
            broken(AUTHGEAR),
        ),
        (
            Preset::Authgear,
            &[(AUTHGEAR, "true"), (AUTHGEAR_ID, "a b")],
            broken(AUTHGEAR_ID),
        ),
        (
            Preset::Authgear,
            &[
                (AUTHGEAR, "true"),
                (AUTHGEAR_ID, "u"),
                ("x-authgear-user-roles", "a,b c"),
            ],
            broken("x-authgear-user-roles"),
        ),
    ];
    for (preset, lines, expected) in cases {
        assert_eq!(
            of(preset, &headers(lines)),
            expected,
            "{preset:?} {lines:?}"
        );
    }
}

#[test]
fn authelia_tells_groups_and_names() {
    let lines = [
        ("remote-user", "ann"),
        ("remote-groups", "admins, dev"),
        ("remote-groups", "ops"),
        ("remote-name", "Ann É. Example"),
        ("remote-email", "ann@example.com"),
    ];
    let found = session(of(Preset::RemoteUser, &headers(&lines)));
    assert_eq!(found.user_id, "ann");
    assert_eq!(found.roles, ["admins", "dev", "ops"]);
    let attrs = json!({"name": "Ann É. Example", "email": "ann@example.com"});
    assert_eq!(Value::Object(found.attrs), attrs);
    let nobody = headers(&[("remote-groups", "admins")]);
    assert_eq!(of(Preset::RemoteUser, &nobody), Seen::Invalid);
    let group = headers(&[("remote-user", "eve"), ("remote-groups", "not admins")]);
    let expected = broken("remote-groups");
    assert_eq!(
        of(Preset::RemoteUser, &group),
        expected,
        "it never becomes `admins`"
    );
}

/// As documented for `/sessions/whoami`, shortened.
fn kratos() -> Value {
    json!({
        "id": "f8e1e7f8-4d5f-4a37-9a6e-1a1f7f1b9d10",
        "active": true,
        "expires_at": "2026-02-01T10:00:00.123456789Z",
        "authenticated_at": "2026-01-01T10:00:00Z",
        "authenticator_assurance_level": "aal1",
        "authentication_methods": [{"method": "password", "aal": "aal1", "completed_at": "2026-01-01T10:00:00Z"}],
        "issued_at": "2026-01-01T10:00:00Z",
        "identity": {
            "id": "9f425a8d-7efc-4768-8f23-7647a74fdf13",
            "schema_id": "default",
            "state": "active",
            "traits": {"email": "ann@example.com", "name": {"first": "Ann"}},
            "verifiable_addresses": [{"value": "ann@example.com", "verified": true, "via": "email"}],
            "metadata_public": null,
        },
        "devices": [],
    })
}

#[test]
fn a_session_of_kratos_has_an_end() {
    let found = session(of(Preset::Kratos, &body(&kratos().to_string())));
    assert_eq!(found.user_id, "9f425a8d-7efc-4768-8f23-7647a74fdf13");
    assert!(found.verified);
    assert_eq!(found.roles, [""; 0]);
    assert_eq!(found.created_at, Some(datetime!(2026-01-01 10:00 UTC)));
    assert_eq!(
        found.expires_at,
        Some(datetime!(2026-02-01 10:00:00.123456789 UTC))
    );
    let attrs = json!({"email": "ann@example.com", "aal": "aal1"});
    assert_eq!(Value::Object(found.attrs), attrs);
}

#[test]
fn kratos_is_believed_only_while_the_session_is_active() {
    let with = |field: &str, value: Value| {
        let mut answer = kratos();
        let place = answer.pointer_mut(field).expect("a field");
        *place = value;
        of(Preset::Kratos, &body(&answer.to_string()))
    };
    assert_eq!(with("/active", json!(false)), Seen::Invalid);
    assert_eq!(with("/active", json!(null)), broken("active"));
    assert_eq!(with("/active", json!(1)), broken("active"));
    assert_eq!(with("/identity", json!(null)), broken("active"));
    assert_eq!(with("/identity/id", json!([1])), broken("identity.id"));
    assert_eq!(with("/expires_at", json!("soon")), broken("expires_at"));
}

#[test]
fn oathkeeper_style_answers_have_a_subject_and_anything_else() {
    let answer = r#"{"subject": "ann", "extra": {"roles": ["admin"], "plan": "pro"}}"#;
    let found = session(of(Preset::Oathkeeper, &body(answer)));
    assert_eq!(found.user_id, "ann");
    assert_eq!(found.roles, ["admin"]);
    assert_eq!(
        found.attrs.get("extra"),
        Some(&json!({"roles": ["admin"], "plan": "pro"}))
    );
    for answer in [r#"{"subject": ""}"#, r#"{"subject": null}"#, "{}"] {
        assert_eq!(
            of(Preset::Oathkeeper, &body(answer)),
            Seen::Invalid,
            "{answer}"
        );
    }
}

#[test]
fn a_page_is_no_answer() {
    for answer in [
        "",
        "<!doctype html><title>Log in</title>",
        "null",
        "[]",
        "\"u-17\"",
        r#"{"subject": "a", "subject": "b"}"#,
        r#"{"subject": "a"} {"#,
    ] {
        let seen = of(Preset::Oathkeeper, &body(answer));
        assert_eq!(seen, Seen::Unusable, "{answer}");
    }
}

#[test]
fn a_file_says_which_headers_or_fields_count() {
    let mut own = Preset::Headers.answer();
    let path = |name: &str| FieldPath::of([name]).expect("a path");
    own.valid = Some(path("x-ok"));
    own.fields.set(Field::UserId, path("x.user"));
    own.fields.set(Field::Roles, path("x-roles"));
    own.fields.set_attribute("plan", path("x-plan"));
    let lines = [
        ("x-ok", "true"),
        ("x.user", "u"),
        ("x-roles", "a,b"),
        ("x-plan", "pro"),
    ];
    let found = session(seen(&headers(&lines), &own));
    assert_eq!((found.user_id.as_str(), found.roles.len()), ("u", 2));
    assert_eq!(found.attrs.get("plan"), Some(&json!("pro")));
    assert_eq!(seen(&headers(&lines[1..]), &own), Seen::Invalid);

    let mut own = Preset::Json.answer();
    assert_eq!(own.place, AnswerPlace::Body);
    own.fields.set(
        Field::UserId,
        FieldPath::parse("data.user.id").expect("a path"),
    );
    let answer = body(r#"{"data": {"user": {"id": 17}}}"#);
    assert_eq!(session(seen(&answer, &own)).user_id, "17");
}

#[test]
fn a_header_that_is_no_text_is_broken() {
    let mut answer = headers(&[("remote-user", "ann")]);
    let value = HeaderValue::from_bytes(b"\xff").expect("a value");
    answer.headers.insert("remote-name", value);
    assert_eq!(of(Preset::RemoteUser, &answer), broken("remote-name"));
}
