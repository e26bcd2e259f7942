//! What real frameworks wrote is read as they meant it.

use super::fixture::{Record, fixtures};
use crate::formats::decode::{Encoding, Limits};
use serde_json::Value;

#[test]
fn a_record_of_a_framework_reads_as_it_was_meant() {
    for fixture in fixtures() {
        let name = &fixture.name;
        let decoded = fixture.record.decode(&Limits::default());
        let decoded = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = fixture.expected["values"].as_object().expect("values");
        for (pointer, value) in expected {
            assert_eq!(
                decoded.value.pointer(pointer),
                Some(value),
                "{name} {pointer}"
            );
        }
        let path = fixture.expected["user_id_path"].as_str().expect("a path");
        let found = decoded
            .value
            .pointer(&format!("/{}", path.replace('.', "/")));
        let found = match found {
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::String(text)) => text.clone(),
            _ => panic!("{name}: nothing at {path}"),
        };
        assert_eq!(found, fixture.expected["user_id"], "{name} {path}");
        let mut opaque = decoded.opaque.clone();
        opaque.sort();
        let wanted = fixture.expected["opaque"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(Value::from(opaque), Value::from(wanted), "{name}");
    }
}

#[test]
fn a_record_is_a_session_by_one_encoding_alone() {
    for fixture in fixtures() {
        let Record::Text(own, bytes) = &fixture.record else {
            continue;
        };
        for other in Encoding::ALL.into_iter().filter(|other| other != own) {
            let read = other.decode(bytes, &Limits::default());
            let is_session = read.is_ok_and(|read| read.value.is_object());
            assert!(!is_session, "{} reads as {other:?} too", fixture.name);
        }
    }
}

#[test]
fn what_was_decoded_prints_none_of_it() {
    for fixture in fixtures() {
        let decoded = fixture.record.decode(&Limits::default()).expect("a record");
        let printed = format!("{decoded:?}");
        assert!(
            !printed.contains("u-17") && !printed.contains("theme"),
            "{printed}"
        );
    }
}
