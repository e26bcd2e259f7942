//! Spring Session's hash.

use crate::formats::decode::{DecodeError, Decoded, Limits, decode_spring};
use serde_json::json;

fn attribute(value: &[u8]) -> Decoded {
    let fields = [(b"sessionAttr:a".as_slice(), value)];
    decode_spring(fields, &Limits::default()).expect("a hash")
}

#[test]
fn the_fields_of_a_session_are_one_object() {
    let fields = [
        ("creationTime", "1767323045678"),
        ("lastAccessedTime", "[\"java.lang.Long\",1767323046789]"),
        ("maxInactiveInterval", "0"),
        ("sessionAttr:user.id", "\"u-17\""),
        ("sessionAttr:gone", ""),
        ("somethingElse", "1"),
    ];
    let fields = fields.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let read = decode_spring(fields, &Limits::default()).expect("a hash");
    assert_eq!(
        read.value,
        json!({
            "creationTime": 1_767_323_045_678_u64,
            "lastAccessedTime": 1_767_323_046_789_u64,
            "maxInactiveInterval": 0,
            "attrs": {"user.id": "u-17", "gone": null},
        })
    );
    assert!(read.opaque.is_empty());
    let nothing = decode_spring([], &Limits::default()).expect("a hash");
    assert_eq!(nothing.value, json!({"attrs": {}}));
}

#[test]
fn types_of_jackson_are_taken_out() {
    let cases = [
        (
            r#"["java.util.ArrayList",["admin","editor"]]"#,
            json!(["admin", "editor"]),
        ),
        (
            r#"["java.util.ArrayList",["com.example.A","b"]]"#,
            json!(["com.example.A", "b"]),
        ),
        (
            r#"["java.util.ArrayList",[["java.lang.Long",1],["com.example.Role","ADMIN"]]]"#,
            json!([1, "ADMIN"]),
        ),
        (r#"["[Ljava.lang.String;",["a"]]"#, json!(["a"])),
        (r#"["java.util.UUID","0-1"]"#, json!("0-1")),
        (
            r#"{"@class":"a.B","role":["a.Role","ADMIN"],"none":null}"#,
            json!({"role": "ADMIN", "none": null}),
        ),
        (
            r#"{"@class":"a.B","deep":{"list":["java.util.HashSet",[]]}}"#,
            json!({"deep": {"list": []}}),
        ),
        // Documents without types stay as they are.
        (r#"["admin","editor"]"#, json!(["admin", "editor"])),
        (
            r#"["app.admin","app.editor"]"#,
            json!(["app.admin", "app.editor"]),
        ),
        (
            r#"{"roles":["app.admin","app.editor"]}"#,
            json!({"roles": ["app.admin", "app.editor"]}),
        ),
        (r#"["a","b","c"]"#, json!(["a", "b", "c"])),
    ];
    for (text, value) in cases {
        let read = attribute(text.as_bytes());
        assert_eq!(read.value["attrs"]["a"], value, "{text}");
        assert!(read.opaque.is_empty(), "{text}");
    }
}

#[test]
fn what_is_neither_json_nor_a_plain_java_value_is_opaque() {
    let long =
        b"\xac\xed\x00\x05sr\x00\x0ejava.lang.Long\x3b\x8b\xe4\x90\xcc\x8f\x23\xdf\x02\x00\x01J";
    let cases: [(&str, &[u8]); 11] = [
        ("a stream alone", b"\xac\xed\x00\x05"),
        (
            "an object of a class",
            b"\xac\xed\x00\x05sr\x00\x03a.B\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00xp",
        ),
        ("a long cut short", long),
        ("a text said to be longer", b"\xac\xed\x00\x05t\xff\xffx"),
        ("a text and more", b"\xac\xed\x00\x05t\x00\x01xq"),
        ("a text of broken bytes", b"\xac\xed\x00\x05t\x00\x02\xc3x"),
        ("a text with a bare NUL", b"\xac\xed\x00\x05t\x00\x01\x00"),
        ("half a surrogate", b"\xac\xed\x00\x05t\x00\x03\xed\xa0\xbd"),
        ("another version", b"\xac\xed\x00\x04t\x00\x01x"),
        ("no JSON", b"plain"),
        ("a member twice", b"{\"a\":1,\"a\":2}"),
    ];
    for (case, value) in cases {
        let read = attribute(value);
        assert_eq!(read.value, json!({"attrs": {"a": null}}), "{case}");
        assert_eq!(read.opaque, ["attrs.a"], "{case}");
    }
}

#[test]
fn a_java_text_keeps_its_letters() {
    let cases: [(&[u8], &str); 4] = [
        (b"\xac\xed\x00\x05t\x00\x00", ""),
        (b"\xac\xed\x00\x05t\x00\x04Zo\xc3\xab", "Zoë"),
        (b"\xac\xed\x00\x05t\x00\x06\xed\xa0\xbd\xed\xb9\x82", "🙂"),
        (b"\xac\xed\x00\x05t\x00\x03a\xc0\x80", "a\0"),
    ];
    for (value, text) in cases {
        assert_eq!(attribute(value).value["attrs"]["a"], text);
    }
}

#[test]
fn a_hash_past_the_limits_is_refused() {
    let limits = Limits {
        bytes: 30,
        ..Limits::default()
    };
    let fields = [
        (b"sessionAttr:a".as_slice(), b"1".as_slice()),
        (b"other", &[b'x'; 12]),
    ];
    let error = decode_spring(fields, &limits).expect_err("31 bytes");
    assert_eq!(
        error,
        DecodeError {
            at: 30,
            fault: "larger than the limit"
        }
    );

    let deep = format!("{}{}", "[".repeat(31), "]".repeat(31));
    let error = decode_spring(
        [(b"sessionAttr:a".as_slice(), deep.as_bytes())],
        &Limits::default(),
    );
    assert_eq!(
        error.expect_err("33 levels").fault,
        "nested deeper than the limit"
    );
}
