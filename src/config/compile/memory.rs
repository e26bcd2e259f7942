//! `memory:` of a session source, and its seed file.

use crate::config::keys;
use crate::config::raw::{Document, Entry, Secrecy};
use crate::config::reading::{Reading, Value};
use crate::store::{self, MemorySettings, SeedSession, Session};
use crate::token::{TokenDigest, is_cookie_octet};
use std::fs;

/// The embedded store, empty or seeded.
pub(super) fn settings(value: Value<'_>) -> Option<MemorySettings> {
    let section = value.mapping(keys::MEMORY)?;
    let Some(seed) = section.get("seed") else {
        return Some(MemorySettings::default());
    };
    let path = seed.path()?;
    let text = fs::read_to_string(&path)
        .inspect_err(|error| {
            let help = format!("the gateway's user must be able to read {}", path.display());
            seed.fault(format!("cannot read the seed: {error}"), help);
        })
        .ok()?;
    let outer = seed.place.reading;
    let document = Document::parse(&path.to_string_lossy(), text, Secrecy::Everything)
        .map_err(|issue| outer.adopt([*issue]))
        .ok()?;
    let inner = Reading::new(&document, outer.environment, outer.folder);
    let sessions = sessions(inner.root());
    outer.adopt(inner.into_issues());
    Some(MemorySettings { sessions })
}

fn sessions(root: Value<'_>) -> Vec<(TokenDigest, SeedSession)> {
    let mut seeded: Vec<(TokenDigest, SeedSession)> = Vec::new();
    for item in root.items() {
        let Some((digest, session)) = seed(item) else {
            continue;
        };
        if seeded.iter().any(|(known, _)| *known == digest) {
            item.fault("this token is seeded already", "remove one of the two");
            continue;
        }
        seeded.push((digest, session));
    }
    seeded
}

fn seed(value: Value<'_>) -> Option<(TokenDigest, SeedSession)> {
    // A wrong key may be a token: it is not named.
    let known = |entry: &Entry| keys::SEED.keys.contains(&entry.key.as_str());
    if !value.is_mapping() || !value.node.entries().iter().all(known) {
        value.fault(
            "not a seeded session",
            "{token: …, record: {…}}, and a `ttl` if it has one",
        );
        return None;
    }
    let section = value.mapping(keys::SEED)?;
    let ttl = section.get("ttl").and_then(Value::timeout);
    let token = section
        .required("token", "what the client shows")
        .and_then(shown);
    let record = section.required("record", "a session record: {v: 1, user_id: …}");
    let session = record.and_then(record_of)?;
    Some((TokenDigest::of(token?), SeedSession { session, ttl }))
}

/// A token that a client can show, in a cookie as well.
fn shown(value: Value<'_>) -> Option<&str> {
    let token = value.text()?;
    if token.bytes().all(is_cookie_octet) {
        return Some(token);
    }
    value.fault(
        "no client can show this token",
        "visible ASCII without quotes, commas, semicolons and backslashes",
    );
    None
}

/// The record goes the way of every stored one: its bytes through the store's own codec.
fn record_of(value: Value<'_>) -> Option<Session> {
    let json = value.node.to_json().to_string();
    store::decode_native(json.as_bytes())
        .inspect_err(|fault| value.fault(fault.to_string(), ""))
        .ok()
}
