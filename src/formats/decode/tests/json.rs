//! Strict JSON.

use crate::formats::decode::{Encoding, Limits};
use serde_json::json;

#[test]
fn json_reads_as_it_stands() {
    let read = Encoding::Json.decode(
        br#" {"a":[1,-2,0.5,null,true],"b":{"c":"x"}} "#,
        &Limits::default(),
    );
    let read = read.expect("JSON");
    assert_eq!(
        read.value,
        json!({"a": [1, -2, 0.5, null, true], "b": {"c": "x"}})
    );
    assert!(read.opaque.is_empty());
}

#[test]
fn what_is_not_strict_json_is_refused_where_it_goes_wrong() {
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    let wide = format!("[{}0]", "0,".repeat(20_000));
    let cases = [
        (r#"{"a":1,"a":1}"#, 7, "a member is there twice"),
        (
            "{\"a\":1,\n\"b\":{\"c\":1,\"c\":2}}",
            22,
            "a member is there twice",
        ),
        (&deep, 32, "nested deeper than the limit"),
        (&wide, 40_000, "more values than the limit"),
        ("", 0, "the record ends too early"),
        (r#"{"a":"#, 5, "the record ends too early"),
        ("{a:1}", 1, "not JSON"),
        ("[1] 2", 4, "not JSON"),
        ("[NaN]", 1, "not JSON"),
    ];
    for (text, at, fault) in cases {
        let shown = &text[..text.len().min(40)];
        let error = Encoding::Json.decode(text.as_bytes(), &Limits::default());
        let error = error.expect_err(shown);
        assert_eq!(error.fault, fault, "{shown}");
        assert!(
            error.at.abs_diff(at) <= 6,
            "{shown}: at {}, not {at}",
            error.at
        );
    }
}

#[test]
fn what_lies_on_a_limit_is_read_and_one_past_it_refused() {
    let text = br#"{"a":[1,2]}"#;
    let limits = Limits {
        bytes: 11,
        depth: 2,
        nodes: 4,
        text: 1,
    };
    let cases = [
        (limits, None),
        (
            Limits {
                bytes: 10,
                ..limits
            },
            Some("larger than the limit"),
        ),
        (
            Limits { depth: 1, ..limits },
            Some("nested deeper than the limit"),
        ),
        (
            Limits { nodes: 3, ..limits },
            Some("more values than the limit"),
        ),
    ];
    for (limits, fault) in cases {
        let read = Encoding::Json.decode(text, &limits);
        assert_eq!(read.err().map(|error| error.fault), fault, "{limits:?}");
    }
}
