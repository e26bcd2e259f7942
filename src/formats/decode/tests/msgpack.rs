//! MessagePack.

use crate::formats::decode::{Encoding, Limits};
use serde_json::{Value, json};

fn read(bytes: &[u8]) -> Result<(Value, Vec<String>), &'static str> {
    let read = Encoding::Msgpack.decode(bytes, &Limits::default());
    read.map(|read| (read.value, read.opaque))
        .map_err(|error| error.fault)
}

#[test]
fn every_mark_reads_as_its_value() {
    let cases: [(&[u8], Value); 24] = [
        (b"\xc0", json!(null)),
        (b"\xc2", json!(false)),
        (b"\xc3", json!(true)),
        (b"\x7f", json!(127)),
        (b"\xe0", json!(-32)),
        (b"\xcc\xff", json!(255)),
        (b"\xcd\x01\x00", json!(256)),
        (b"\xce\x00\x01\x00\x00", json!(65536)),
        (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", json!(u64::MAX)),
        (b"\xd0\x80", json!(-128)),
        (b"\xd1\xff\x00", json!(-256)),
        (b"\xd2\x80\x00\x00\x00", json!(i32::MIN)),
        (b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", json!(i64::MIN)),
        (b"\xca\x3f\x00\x00\x00", json!(0.5)),
        (b"\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00", json!(0.5)),
        (b"\xa2hi", json!("hi")),
        (b"\xd9\x02hi", json!("hi")),
        (b"\xda\x00\x02hi", json!("hi")),
        (b"\xdb\x00\x00\x00\x02hi", json!("hi")),
        (b"\xc4\x02hi", json!("hi")),
        (b"\xdc\x00\x01\x01", json!([1])),
        (b"\xdd\x00\x00\x00\x01\x01", json!([1])),
        (b"\xde\x00\x01\xa1a\x01", json!({"a": 1})),
        (b"\x82\x01\xa1x\xc4\x01b\xc3", json!({"1": "x", "b": true})),
    ];
    for (bytes, value) in cases {
        assert_eq!(read(bytes), Ok((value, vec![])), "{bytes:02x?}");
    }
}

#[test]
fn a_time_is_text_and_other_extensions_are_opaque() {
    let cases: [(&[u8], Value); 9] = [
        (
            b"\xd6\xff\x00\x00\x00\x00",
            json!("1970-01-01T00:00:00.000Z"),
        ),
        (
            b"\xd7\xff\x77\x35\x94\x00\x00\x00\x00\x01",
            json!("1970-01-01T00:00:01.500Z"),
        ),
        (
            b"\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff",
            json!("1969-12-31T23:59:59.000Z"),
        ),
        // Nanoseconds past a second, years past 9999, a length that no time has, other types.
        (b"\xd7\xff\xff\xff\xff\xfc\x00\x00\x00\x01", json!(null)),
        (
            b"\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff",
            json!(null),
        ),
        (b"\xc7\x03\xff\x00\x00\x00", json!(null)),
        (b"\xd4\x05x", json!(null)),
        (b"\xc8\x00\x01\x05x", json!(null)),
        (b"\xa2\xff\xfe", json!(null)),
    ];
    for (bytes, value) in cases {
        let opaque = value.is_null().then(String::new).into_iter().collect();
        assert_eq!(read(bytes), Ok((value, opaque)), "{bytes:02x?}");
    }
}

#[test]
fn an_opaque_place_is_named_by_its_path() {
    assert_eq!(
        read(b"\x82\xa1a\x92\x01\xd4\x05x\xa1b\xca\x7f\xc0\x00\x00"),
        Ok((
            json!({"a": [1, null], "b": null}),
            vec!["a.1".to_owned(), "b".to_owned()]
        ))
    );
}

#[test]
fn a_length_past_the_end_takes_no_memory() {
    let cases: [(&str, &[u8]); 6] = [
        ("nothing", b""),
        ("a list of 2^32", b"\xdd\xff\xff\xff\xff\x01"),
        ("a map of 2^32", b"\xdf\xff\xff\xff\xff\xa1a\x01"),
        ("a text of 2^32", b"\xdb\xff\xff\xff\xffx"),
        ("bytes of 2^32", b"\xc6\xff\xff\xff\xffx"),
        ("an extension of 2^32", b"\xc9\xff\xff\xff\xff\x01x"),
    ];
    for (case, bytes) in cases {
        assert_eq!(read(bytes), Err("the record ends too early"), "{case}");
    }
}

#[test]
fn what_is_deep_or_wide_is_refused() {
    let lists = |marks: usize| [b"\x91".repeat(marks), b"\xc0".to_vec()].concat();
    let maps = |marks: usize| [b"\x81\xa1a".repeat(marks), b"\xc0".to_vec()].concat();
    let wide = |values: u16| {
        let count = values.to_be_bytes();
        [b"\xdc".to_vec(), count.to_vec(), vec![0; values.into()]].concat()
    };
    assert!(read(&lists(32)).is_ok() && read(&maps(32)).is_ok() && read(&wide(19_999)).is_ok());
    let cases = [
        (lists(33), "nested deeper than the limit"),
        (lists(60_000), "nested deeper than the limit"),
        (maps(33), "nested deeper than the limit"),
        (wide(20_000), "more values than the limit"),
        (wide(0xffff), "larger than the limit"),
    ];
    for (bytes, fault) in cases {
        assert_eq!(read(&bytes), Err(fault), "{} bytes", bytes.len());
    }
}

#[test]
fn what_is_no_messagepack_is_refused() {
    let no_key = "a key is neither text nor a whole number";
    let cases: [(&[u8], &str); 7] = [
        (b"\x82\xa1a\x01\xa1a\x02", "a key is there twice"),
        (b"\x82\xa11\x01\x01\x02", "a key is there twice"),
        (b"\x81\x90\x01", no_key),
        (b"\x81\xc0\x01", no_key),
        (b"\x81\xa1\xff\x01", no_key),
        (b"\xc1", "not a mark of MessagePack"),
        (b"\xc0\xc0", "more follows the value"),
    ];
    for (bytes, fault) in cases {
        assert_eq!(read(bytes), Err(fault), "{bytes:02x?}");
    }
}
