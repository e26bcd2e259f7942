//! Laravel's wrapper.

use crate::formats::decode::{Encoding, Limits};
use serde_json::{Value, json};

fn read(text: &str) -> Result<Value, (usize, &'static str)> {
    let read = Encoding::Laravel.decode(text.as_bytes(), &Limits::default());
    read.map(|read| read.value)
        .map_err(|error| (error.at, error.fault))
}

#[test]
fn the_session_inside_is_php_or_json() {
    let cases = [
        ("s:19:\"a:1:{s:2:\"id\";i:1;}\";", json!({"id": 1})),
        ("s:9:\"{\"id\":17}\";", json!({"id": 17})),
        ("s:2:\"[]\";", json!([])),
    ];
    for (text, value) in cases {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn what_is_no_session_is_refused_where_it_goes_wrong() {
    let encrypted = "neither a serialised array nor JSON; an encrypted session cannot be read";
    let cases = [
        ("", 0, "the record ends too early"),
        (
            "a:0:{}",
            0,
            "not a serialised text, as Laravel's cache writes it",
        ),
        ("s:4:\"eyJp\";", 5, encrypted),
        ("s:0:\"\";", 5, encrypted),
        ("s:6:\"a:0:{}\";x", 13, "more follows the value"),
        ("s:6:\"a:0:{x\";", 10, "no `}` where entries end"),
        (
            "s:15:\"{\"id\":1,\"id\":2}\";",
            18,
            "a member is there twice",
        ),
        ("s:99:\"a:0:{}\";", 6, "the record ends too early"),
    ];
    for (text, at, fault) in cases {
        let (found, why) = read(text).expect_err(text);
        assert_eq!(why, fault, "{text}");
        assert!(found.abs_diff(at) <= 2, "{text}: at {found}");
    }
}
