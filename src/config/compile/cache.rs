//! `cache:`.

use crate::cache::CachePolicy;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::store::Invalidation;
use std::num::NonZeroUsize;

/// What the section says.
pub(super) struct Remembering {
    /// How much, and for how long.
    pub(super) policy: CachePolicy,
    /// Whether stores that can are asked to push changes.
    pub(super) invalidation: Invalidation,
}

/// Reads the section, or gives the defaults.
pub(super) fn read(root: &Mapping<'_>) -> Remembering {
    let section = root.section("cache", keys::CACHE);
    let invalidation = section
        .as_ref()
        .and_then(|section| section.choice("invalidation", &words::INVALIDATION));
    Remembering {
        policy: section.as_ref().map(policy).unwrap_or_default(),
        invalidation: invalidation.unwrap_or_default(),
    }
}

fn policy(section: &Mapping<'_>) -> CachePolicy {
    let mut policy = CachePolicy::default();
    let entries = section
        .get("max_entries")
        .and_then(|value| value.count(1, u64::from(u32::MAX)));
    let entries = entries.and_then(|count| NonZeroUsize::new(usize::try_from(count).ok()?));
    if let Some(entries) = entries {
        policy.max_entries = entries;
    }
    if let Some(ttl) = section.get("ttl").and_then(Value::timeout) {
        policy.ttl = ttl;
    }
    if let Some(ttl) = section.get("negative_ttl").and_then(Value::duration) {
        policy.negative_ttl = ttl;
    }
    if let Some(span) = section.get("stale_if_error").and_then(Value::duration) {
        policy.stale_if_error = span;
    }
    policy
}
