//! The fixtures under `tests/fixtures/sessions`, which real frameworks wrote.

use crate::formats::decode::{DecodeError, Decoded, Encoding, Limits, decode_spring};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fs;
use std::path::Path;

pub(super) struct Fixture {
    pub(super) name: String,
    pub(super) record: Record,
    pub(super) expected: Value,
}

#[derive(Clone)]
pub(super) enum Record {
    Text(Encoding, Vec<u8>),
    Hash(Vec<(String, Vec<u8>)>),
}

impl Record {
    pub(super) fn decode(&self, limits: &Limits) -> Result<Decoded, DecodeError> {
        match self {
            Self::Text(encoding, bytes) => encoding.decode(bytes, limits),
            Self::Hash(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| (name.as_bytes(), value.as_slice()));
                decode_spring(fields, limits)
            }
        }
    }

    /// The bytes that a test may change: those of the text, or of each value of the hash.
    pub(super) fn parts(&mut self) -> Vec<&mut Vec<u8>> {
        match self {
            Self::Text(_, bytes) => vec![bytes],
            Self::Hash(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
        }
    }
}

/// Every fixture that has a record.
pub(super) fn fixtures() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sessions");
    let folders = fs::read_dir(root)
        .expect("the fixtures")
        .map(|entry| entry.expect("a folder").path());
    let found: Vec<_> = folders.filter_map(|folder| fixture(&folder)).collect();
    assert!(found.len() >= 20, "only {} fixtures", found.len());
    found
}

fn fixture(folder: &Path) -> Option<Fixture> {
    let described = fs::read(folder.join("fixture.json")).ok()?;
    let described: Value = serde_json::from_slice(&described).expect("JSON");
    let record = match described["type"].as_str()? {
        "string" => Record::Text(
            encoding(described["encoding"].as_str().expect("an encoding")),
            fs::read(folder.join("value.bin")).expect("a value"),
        ),
        _ => Record::Hash(fields(
            &fs::read(folder.join("value.json")).expect("fields"),
        )),
    };
    Some(Fixture {
        name: folder.file_name()?.to_string_lossy().into_owned(),
        record,
        expected: described["expected"].clone(),
    })
}

fn encoding(word: &str) -> Encoding {
    let known = Encoding::ALL.into_iter();
    let mut named = known.filter(|encoding| encoding.as_str() == word);
    named.next().unwrap_or_else(|| panic!("no encoding {word}"))
}

fn fields(json: &[u8]) -> Vec<(String, Vec<u8>)> {
    let fields: Value = serde_json::from_slice(json).expect("JSON");
    let fields = fields.as_object().expect("an object").iter();
    let decoded = fields.map(|(name, value)| {
        let value = STANDARD.decode(value.as_str().expect("a text"));
        (name.clone(), value.expect("base64"))
    });
    decoded.collect()
}
