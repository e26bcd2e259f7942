//! Sessions that real frameworks wrote (tests/fixtures/sessions), as many as a test needs.

use super::record::sha256_hex;
use super::redis::Redis;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redis::pipe;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// One login by a real framework.
pub(crate) struct RealSession {
    folder: PathBuf,
    described: Value,
    /// What stands before the id in its key.
    pub(crate) head: String,
    pub(crate) id: String,
}

impl RealSession {
    #[track_caller]
    pub(crate) fn of(folder: &str) -> Self {
        let folder = fixture_folder(folder);
        let described = described(&folder);
        let key = described["key"].as_str().expect("a key");
        let after = ["cache:", "django.contrib.sessions.cache", ":"];
        let found = after.iter().find_map(|mark| {
            let at = key.rfind(mark)? + mark.len();
            (at < key.len()).then_some(at)
        });
        let (head, id) = key.split_at(found.expect("an id"));
        Self {
            folder,
            head: head.to_owned(),
            id: id.to_owned(),
            described: described.clone(),
        }
    }

    /// The cookie of a framework that keeps no records: `name=value`, as a browser sends it.
    #[track_caller]
    pub(crate) fn of_cookie(folder: &str) -> String {
        let described = described(&fixture_folder(folder));
        let text = |name: &str| {
            described["cookie"][name]
                .as_str()
                .expect("a text")
                .to_owned()
        };
        format!("{}={}", text("name"), text("value"))
    }

    /// Name and value, as a browser sends them.
    pub(crate) fn cookie(&self) -> (String, String) {
        let text = |name: &str| self.text(&format!("/cookie/{name}"));
        (text("name"), text("value"))
    }

    /// A text of its description.
    #[track_caller]
    pub(crate) fn text(&self, pointer: &str) -> String {
        let text = self.described.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no text at {pointer}"))
            .to_owned()
    }

    /// Every text of its session, for what must not be shown.
    pub(crate) fn values(&self) -> Vec<String> {
        let mut values = Vec::new();
        collect(&self.described["expected"]["values"], &mut values);
        values
    }

    /// Writes it so many times, with an id of its own each; the first is its own. Fixtures have ended long ago, so they
    /// are given a later end.
    pub(crate) fn write(&self, redis: &Redis, head: &str, copies: usize) {
        let mut commands = pipe();
        for copy in 0..copies {
            let key = [head, &self.varied(copy)].concat();
            if self.described["type"] == "hash" {
                for (name, value) in self.fields() {
                    commands.cmd("HSET").arg(&key).arg(name).arg(value);
                }
                let used = commands.cmd("HSET").arg(&key);
                used.arg("lastAccessedTime").arg("4102444800000");
            } else {
                let value = fs::read(self.folder.join("value.bin")).expect("a value");
                let value = match String::from_utf8(value) {
                    Ok(text) => text.replace("\":\"2026-1", "\":\"2126-1").into_bytes(),
                    Err(bytes) => bytes.into_bytes(),
                };
                commands.cmd("SET").arg(&key).arg(value);
            }
            commands.cmd("EXPIRE").arg(&key).arg(3600);
        }
        let () = commands
            .query(&mut redis.connection())
            .expect("it is written");
    }

    fn fields(&self) -> Vec<(String, Vec<u8>)> {
        let text = fs::read_to_string(self.folder.join("value.json")).expect("fields");
        let fields: Value = serde_json::from_str(&text).expect("JSON");
        let fields = fields.as_object().expect("an object").iter();
        let decoded = fields.map(|(name, value)| {
            let value = value.as_str().expect("a text");
            (name.clone(), STANDARD.decode(value).expect("base64"))
        });
        decoded.collect()
    }

    /// Another id of the same form.
    fn varied(&self, copy: usize) -> String {
        if copy == 0 {
            return self.id.clone();
        }
        let hash = sha256_hex(&format!("{} {copy}", self.id));
        let mut digits = hash.chars().cycle();
        let varied = self.id.chars().map(|c| match c {
            '0'..='9' | 'a'..='f' => digits.next().expect("endless"),
            'A'..='F' => digits.next().expect("endless").to_ascii_uppercase(),
            other => other,
        });
        varied.collect()
    }
}

fn fixture_folder(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures/sessions").join(name)
}

fn described(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("fixture.json")).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => members.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}
