//! Good records, broken records, and bytes of any kind.

use super::decode_native;
use crate::store::session::{AuthenticatedAs, Authenticator, Session};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Map, Value, json};
use std::time::Duration;
use time::macros::datetime;

#[test]
fn the_record_of_the_design_is_read_whole() {
    let session = decode_native(
        br#"{"v":1,"user_id":"87df","roles":["user","admin"],"default_role":"user","verified":true,"disabled":false,
            "identity":{"id":"i-1","type":"password","updated_at":"2019-09-17T00:00:00.000Z"},
            "authenticator":{"id":"a-1","type":"oob","channel":"sms","updated_at":"2019-09-17T02:00:00.5+02:00"},
            "created_at":"2019-09-17T00:00:00Z","expires_at":"2019-09-18T00:00:00Z","idle_timeout":"30m",
            "attrs":{"email":"a@example.com","n":{"deep":[1]}},"later":{"unknown":true}}"#,
    );
    let expected = Session {
        user_id: "87df".into(),
        roles: vec!["user".into(), "admin".into()],
        default_role: Some("user".into()),
        verified: true,
        disabled: false,
        identity: Some(AuthenticatedAs {
            id: "i-1".into(),
            kind: Some("password".into()),
            updated_at: Some(datetime!(2019-09-17 00:00 UTC)),
        }),
        authenticator: Some(Authenticator {
            id: "a-1".into(),
            kind: Some("oob".into()),
            channel: Some("sms".into()),
            updated_at: Some(datetime!(2019-09-17 00:00:00.5 UTC)),
        }),
        created_at: Some(datetime!(2019-09-17 00:00 UTC)),
        expires_at: Some(datetime!(2019-09-18 00:00 UTC)),
        idle_timeout: Some(Duration::from_secs(1800)),
        attrs: serde_json::from_str(r#"{"email":"a@example.com","n":{"deep":[1]}}"#)
            .expect("a literal"),
    };
    assert_eq!(session, Ok(expected));
}

#[test]
fn the_smallest_record_has_the_defaults() {
    let bare = Session {
        user_id: "7".into(),
        roles: Vec::new(),
        default_role: None,
        verified: false,
        disabled: false,
        identity: None,
        authenticator: None,
        created_at: None,
        expires_at: None,
        idle_timeout: None,
        attrs: Map::new(),
    };
    let same = [
        r#"{"v":1,"user_id":"7"}"#,
        r#"{"v":1,"user_id":7}"#,
        r#" {"user_id":"\u0037","v":1,"roles":null,"default_role":null,"verified":null,"identity":null,
            "authenticator":null,"created_at":null,"idle_timeout":null,"attrs":null} "#,
    ];
    for text in same {
        assert_eq!(decode_native(text.as_bytes()).as_ref(), Ok(&bare), "{text}");
    }
}

#[test]
fn limits_include_their_last_value() {
    let good = [
        record(json!({"user_id": "~".repeat(256)})),
        record(json!({"user_id": u64::MAX})),
        record(json!({"roles": vec!["A-z_0.9:".repeat(8); 64]})),
        record(json!({"identity": {"id": "i", "type": "a".repeat(32)}})),
        record(json!({"idle_timeout": "213503982334d"})),
        nested_attrs(30),
        padded(16 * 1024),
    ];
    for text in good {
        assert!(decode_native(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_record_is_broken_as_a_whole() {
    let cases = [
        ("record", String::new()),
        ("record", "{".into()),
        ("record", "[1]".into()),
        ("record", "\u{feff}{}".into()),
        ("record", r#"{"v":1,"user_id":"a"} x"#.into()),
        ("record", r#"{"v":1,"user_id":"a","user_id":"b"}"#.into()),
        (
            "record",
            r#"{"v":1,"user_id":"a","user_i\u0064":"b"}"#.into(),
        ),
        (
            "record",
            r#"{"v":1,"user_id":"a","attrs":{"x":[{"y":1,"y":1}]}}"#.into(),
        ),
        ("record", r#"{"v":1,"user_id":"\ud800"}"#.into()),
        ("record", nested_attrs(31)),
        ("record", padded(16 * 1024 + 1)),
        ("v", r#"{"user_id":"a"}"#.into()),
        ("v", record(json!({"v": 2}))),
        ("v", record(json!({"v": "1"}))),
        ("v", record(json!({"v": 1.0}))),
    ];
    assert_broken(&cases);
}

#[test]
fn a_text_outside_its_rule_is_broken() {
    let cases = [
        ("user_id", r#"{"v":1}"#.into()),
        ("user_id", record(json!({"user_id": null}))),
        ("user_id", record(json!({"user_id": ""}))),
        ("user_id", record(json!({"user_id": "a b"}))),
        ("user_id", record(json!({"user_id": "a\r\nx-admin: 1"}))),
        ("user_id", record(json!({"user_id": "\u{0}"}))),
        ("user_id", record(json!({"user_id": "jos\u{e9}"}))),
        ("user_id", record(json!({"user_id": "a".repeat(257)}))),
        ("user_id", record(json!({"user_id": -1}))),
        ("user_id", record(json!({"user_id": 1.5}))),
        (
            "user_id",
            r#"{"v":1,"user_id":18446744073709551616}"#.into(),
        ),
        ("roles", record(json!({"roles": "admin"}))),
        ("roles", record(json!({"roles": vec!["a"; 65]}))),
        ("roles.1", record(json!({"roles": ["a", "b,c"]}))),
        ("roles.0", record(json!({"roles": [""]}))),
        ("roles.0", record(json!({"roles": ["a".repeat(65)]}))),
        ("roles.0", record(json!({"roles": [null]}))),
        ("default_role", record(json!({"default_role": "a"}))),
        (
            "default_role",
            record(json!({"roles": ["a"], "default_role": "b"})),
        ),
    ];
    assert_broken(&cases);
}

#[test]
fn a_field_of_another_type_is_broken() {
    let cases = [
        ("verified", record(json!({"verified": "false"}))),
        ("disabled", record(json!({"disabled": 0}))),
        ("identity", record(json!({"identity": "i"}))),
        ("identity.id", record(json!({"identity": {}}))),
        (
            "identity.type",
            record(json!({"identity": {"id": "i", "type": "Password"}})),
        ),
        (
            "identity.updated_at",
            record(json!({"identity": {"id": "i", "updated_at": 1}})),
        ),
        (
            "authenticator.id",
            record(json!({"authenticator": {"id": "\n"}})),
        ),
        (
            "authenticator.channel",
            record(json!({"authenticator": {"id": "a", "channel": "s ms"}})),
        ),
        ("created_at", record(json!({"created_at": "2019-09-17"}))),
        (
            "created_at",
            record(json!({"created_at": "2019-02-30T00:00:00Z"})),
        ),
        ("expires_at", record(json!({"expires_at": 1_568_678_400}))),
        (
            "expires_at",
            record(json!({"expires_at": "9999-12-31T23:59:59-01:00"})),
        ),
        ("idle_timeout", record(json!({"idle_timeout": 1800}))),
        ("idle_timeout", record(json!({"idle_timeout": "30"}))),
        ("idle_timeout", record(json!({"idle_timeout": "m"}))),
        ("idle_timeout", record(json!({"idle_timeout": "1.5h"}))),
        ("idle_timeout", record(json!({"idle_timeout": "-1s"}))),
        ("idle_timeout", record(json!({"idle_timeout": "0s"}))),
        (
            "idle_timeout",
            record(json!({"idle_timeout": "213503982335d"})),
        ),
        ("attrs", record(json!({"attrs": ["email"]}))),
    ];
    assert_broken(&cases);
}

#[test]
fn an_error_never_quotes_the_record() {
    let cases = [
        record(json!({"user_id": "hunter2\n"})),
        record(json!({"roles": ["hunter2 "]})),
        record(json!({"v": "hunter2"})),
        r#"{"v":1,"hunter2":1,"hunter2":2}"#.into(),
        r#"{"v":1,"user_id":hunter2}"#.into(),
    ];
    for text in cases {
        let broken = decode_native(text.as_bytes()).expect_err(&text);
        assert!(!broken.to_string().contains("hunter2"), "{broken}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = decode_native(&bytes);
    }

    #[test]
    fn any_json_under_any_known_name_is_read_without_panic(
        name in prop_oneof![
            Just("v"), Just("user_id"), Just("roles"), Just("default_role"), Just("verified"),
            Just("identity"), Just("authenticator"), Just("expires_at"), Just("idle_timeout"), Just("attrs"),
        ],
        value in any_json(),
    ) {
        let text = record(json!({name: value}));
        if let Ok(session) = decode_native(text.as_bytes()) {
            assert!(session.user_id.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{1,20}(ms|s|m|h|d)".prop_map(Value::from),
        "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](Z|[+-][0-2][0-9]:[0-5][0-9])"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name = prop_oneof![
            Just("id".to_owned()),
            Just("type".to_owned()),
            any::<String>()
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..4).prop_map(Value::from_iter),
        ]
    })
}

fn assert_broken(cases: &[(&str, String)]) {
    for (field, text) in cases {
        let broken = decode_native(text.as_bytes()).expect_err(text);
        assert_eq!(broken.field, *field, "{text}");
    }
}

/// The smallest record, with these members laid over it.
fn record(over: Value) -> String {
    let mut record = json!({"v": 1, "user_id": "u-1"});
    let (Value::Object(fields), Value::Object(over)) = (&mut record, over) else {
        unreachable!("both are written as objects");
    };
    fields.extend(over);
    record.to_string()
}

/// `attrs` holding so many lists, each in the one before; the record and `attrs` are two levels more.
fn nested_attrs(levels: usize) -> String {
    let (open, close) = ("[".repeat(levels), "]".repeat(levels));
    format!(r#"{{"v":1,"user_id":"u-1","attrs":{{"x":{open}{close}}}}}"#)
}

/// A good record, blown up with white space.
fn padded(len_bytes: usize) -> String {
    let text = record(json!({}));
    let room = len_bytes - text.len();
    text + &" ".repeat(room)
}
