//! PHP's serialize and its session formats.

use crate::formats::decode::{Encoding, Limits};
use serde_json::{Value, json};

fn read(encoding: Encoding, text: &str) -> Result<(Value, Vec<String>), &'static str> {
    let read = encoding.decode(text.as_bytes(), &Limits::default());
    read.map(|read| (read.value, read.opaque))
        .map_err(|error| error.fault)
}

#[test]
fn serialised_values_read_as_data() {
    let cases = [
        ("N;", json!(null)),
        ("b:1;", json!(true)),
        ("i:-7;", json!(-7)),
        ("d:1.0E+25;", json!(1e25)),
        ("s:5:\"a\";b}\";", json!("a\";b}")),
        ("s:5:\"Zo\u{eb}!\";", json!("Zoë!")),
        ("a:0:{}", json!([])),
        ("a:2:{i:0;i:5;i:1;i:6;}", json!([5, 6])),
        ("a:2:{i:1;i:5;i:0;i:6;}", json!({"0": 6, "1": 5})),
        ("a:2:{s:1:\"x\";i:1;s:1:\"x\";i:2;}", json!({"x": 2})),
        ("O:8:\"stdClass\":1:{s:1:\"x\";i:1;}", json!({"x": 1})),
        (
            "O:1:\"A\":3:{s:1:\"p\";i:1;s:4:\"\0*\0q\";i:2;s:4:\"\0A\0r\";i:3;}",
            json!({"p": 1, "q": 2, "r": 3}),
        ),
        // The same variable, the same object, and a slot for each but `R`.
        (
            "a:3:{i:0;a:1:{i:0;i:5;}i:1;R:2;i:2;R:3;}",
            json!([[5], [5], 5]),
        ),
        (
            "a:3:{i:0;O:1:\"A\":1:{s:1:\"x\";i:1;}i:1;r:2;i:2;r:4;}",
            json!([{"x": 1}, {"x": 1}, {"x": 1}]),
        ),
    ];
    for (text, value) in cases {
        assert_eq!(read(Encoding::Php, text), Ok((value, vec![])), "{text}");
    }
}

#[test]
fn what_is_no_data_is_opaque_where_it_stands() {
    let cases = [
        ("d:NAN;", json!(null), ""),
        ("a:1:{s:1:\"x\";C:1:\"A\":3:{abc}}", json!({"x": null}), "x"),
        ("a:1:{s:1:\"x\";E:3:\"A:B\";}", json!({"x": null}), "x"),
        // A value inside itself.
        (
            "O:1:\"A\":1:{s:4:\"self\";r:1;}",
            json!({"self": null}),
            "self",
        ),
        // A reference past an object that made its own text: its number means nothing to us.
        (
            "a:3:{i:0;C:1:\"A\":0:{}i:1;s:1:\"x\";i:2;R:3;}",
            json!([null, "x", null]),
            "0 2",
        ),
        (
            "a:3:{i:0;s:1:\"x\";i:1;C:1:\"A\":0:{}i:2;R:2;}",
            json!(["x", null, "x"]),
            "1",
        ),
    ];
    for (text, value, paths) in cases {
        let paths = paths.split(' ').map(str::to_owned).collect();
        assert_eq!(read(Encoding::Php, text), Ok((value, paths)), "{text}");
    }
    let bytes = Encoding::Php.decode(b"a:1:{s:1:\"x\";s:2:\"\xff\xfe\";}", &Limits::default());
    assert_eq!(bytes.expect("an array").opaque, ["x"]);
}

#[test]
fn sessions_are_names_and_values() {
    let cases = [
        (Encoding::PhpSession, "", json!({})),
        (
            Encoding::PhpSession,
            "a|i:1;b|s:1:\"|\";",
            json!({"a": 1, "b": "|"}),
        ),
        (
            Encoding::PhpSession,
            "a|a:1:{i:0;i:5;}b|R:1;",
            json!({"a": [5], "b": [5]}),
        ),
        (
            Encoding::PhpBinary,
            "\u{1}ai:1;\u{2}bbN;",
            json!({"a": 1, "bb": null}),
        ),
        (Encoding::Php, "a:1:{s:1:\"a\";i:1;}", json!({"a": 1})),
    ];
    for (encoding, text, value) in cases {
        assert_eq!(read(encoding, text), Ok((value, vec![])), "{text}");
    }
}

#[test]
fn hostile_records_are_refused() {
    let deep = format!("{}i:1;{}", "a:1:{i:0;".repeat(33), "}".repeat(33));
    let cases = [
        ("", "the record ends too early"),
        (deep.as_str(), "nested deeper than the limit"),
        ("s:99999999999:\"x\";", "the record ends too early"),
        ("s:-1:\"x\";", "not a whole number"),
        ("s:1:\"xy\";", "no quote after a text"),
        (
            "a:99999999999:{i:0;i:1;}",
            "a key is neither text nor a whole number",
        ),
        ("a:1:{i:0;i:1;", "the record ends too early"),
        ("a:1:{b:1;i:1;}", "a key is neither text nor a whole number"),
        ("C:1:\"A\":99999999999:{}", "the record ends too early"),
        ("R:0;", "a reference to nothing"),
        ("R:1;", "a reference to nothing"),
        ("a:1:{i:0;R:18446744073709551616;}", "not a whole number"),
        ("b:2;", "a boolean is neither 0 nor 1"),
        ("i:1e3;", "not a whole number"),
        ("i:1;i:2;", "more follows the value"),
        ("x:1;", "not a tag of PHP's serialize"),
    ];
    for (text, fault) in cases {
        assert_eq!(read(Encoding::Php, text), Err(fault), "{text}");
    }
    assert_eq!(
        read(Encoding::PhpSession, "a|i:1;b"),
        Err("the record ends too early")
    );
    assert_eq!(
        read(Encoding::PhpBinary, "\u{7f}a"),
        Err("the record ends too early")
    );
}

#[test]
fn references_to_references_do_not_multiply_past_the_limits() {
    // Each list holds the one before it ten times: 10^9 values if all were unfolded.
    let mut text = "a:2:{i:0;a:1:{i:0;i:5;}i:1;a:9:{".to_owned();
    for (level, slot) in [2].into_iter().chain(5..13).enumerate() {
        let again: String = (1..10)
            .map(|place| format!("i:{place};R:{slot};"))
            .collect();
        text.push_str(&format!("i:{level};a:10:{{i:0;R:{slot};{again}}}"));
    }
    text.push_str("}}");
    assert_eq!(
        read(Encoding::Php, &text),
        Err("more values than the limit")
    );

    // One key, written again and again in a map that is repeated.
    let (same, again) = ("s:1:\"x\";N;".repeat(3_000), "i:1;R:2;".repeat(3_000));
    let text = format!("a:3001:{{i:0;a:3000:{{{same}}}{again}}}");
    assert_eq!(
        read(Encoding::Php, &text),
        Ok((json!({"0": {"x": null}, "1": {"x": null}}), vec![]))
    );
    let again: String = (1..10).map(|place| format!("i:{place};R:2;")).collect();
    let text = format!("a:10:{{i:0;a:3000:{{{same}}}{again}}}");
    assert_eq!(
        read(Encoding::Php, &text),
        Err("more values than the limit")
    );

    let long = "x".repeat(60_000);
    let again: String = (1..100).map(|place| format!("i:{place};R:2;")).collect();
    let text = format!("a:100:{{i:0;s:60000:\"{long}\";{again}}}");
    assert_eq!(read(Encoding::Php, &text), Err("more text than the limit"));
}

#[test]
fn a_text_that_looks_like_the_other_format_does_not_choose_it() {
    // A name that a client chose, in a `php_binary` session: read as `php` it would be another user's.
    let forged = "\u{4}names:23:\"|s:1:\"a\";user_id|s:1:\"x\";";
    assert_eq!(
        read(Encoding::PhpBinary, forged),
        Ok((json!({"name": "|s:1:\"a\";user_id|s:1:\"x"}), vec![]))
    );
    let (misread, _) = read(Encoding::PhpSession, forged).expect("it reads so too");
    assert_eq!(misread["user_id"], "x");
}
