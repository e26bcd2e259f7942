//! `invalidated_by` of an auth service: its own Redis, followed to learn of sessions that have ended.

use super::redis;
use crate::config::keys;
use crate::config::reading::Value;
use crate::store::{Follows, RedisSettings};

/// The servers, and the heads of the keys that matter.
pub(super) fn settings(value: Value<'_>) -> Option<RedisSettings> {
    let section = value.mapping(keys::INVALIDATED_BY)?;
    let redis = section.required(
        "redis",
        "redis://host:6379, or a mapping as under `revoked`",
    );
    let redis = redis.and_then(redis::followed);
    let heads = section.required("prefixes", HELP).and_then(heads);
    Some(RedisSettings {
        follows: Follows::Foreign(heads?),
        ..redis?
    })
}

/// Redis tracks no key twice: it refuses heads of which one begins with another.
fn heads(value: Value<'_>) -> Option<Vec<String>> {
    let mut heads: Vec<String> = Vec::new();
    let items = value.items();
    if items.is_empty() {
        value.fault("no prefix is followed", HELP);
    }
    let mut are_good = !items.is_empty();
    for item in items {
        let Some(head) = item.text_such_as(HELP) else {
            are_good = false;
            continue;
        };
        let overlaps =
            |other: &&String| other.starts_with(head) || head.starts_with(other.as_str());
        if let Some(other) = heads.iter().find(overlaps) {
            let message = format!("this prefix overlaps with `{other}`");
            item.fault(message, "keep the shorter one, or name both to their end");
            are_good = false;
        }
        heads.push(head.to_owned());
    }
    are_good.then_some(heads)
}

const HELP: &str = "such as [\"app:main:session:\", \"app:main:access-grant:\"]: what follows is the id in a token, or its SHA-256";
