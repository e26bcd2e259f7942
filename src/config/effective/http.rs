//! An auth service in force.

use super::formats::{fields, path};
use super::redis::followed;
use super::sections::{REDACTED, set, texts};
use crate::config::units::show_duration;
use crate::config::words::{self, word};
use crate::store::{Follows, HttpSettings, RedisSettings};
use serde_json::{Map, Value, json};

/// The service with everything that its preset stands for.
pub(super) fn section(settings: &HttpSettings) -> Value {
    let mut section = json!({
        "url": settings.target.to_string(),
        "method": word(&words::ASK_METHODS, &settings.method),
        "identity": word(&words::PRESETS, &settings.preset),
        "map": Value::Object(fields(&settings.answer.fields)),
        "cache_control": word(&words::CACHE_CONTROL, &settings.cache_control),
        "timeout": {
            "connect": show_duration(settings.limits.connect),
            "total": show_duration(settings.limits.total),
        },
        "max_in_flight": settings.limits.max_in_flight,
    });
    if let Some(valid) = &settings.answer.valid {
        set(&mut section, "valid", path(valid));
    }
    if settings.target.has_authorities() {
        set(&mut section, "ca", REDACTED.into());
    }
    let headers = settings.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, _)| (name.to_string(), REDACTED.into()))
        .collect();
    if !headers.is_empty() {
        set(&mut section, "headers", Value::Object(headers));
    }
    let statuses = settings.statuses.changed();
    let statuses: Map<String, Value> = statuses
        .map(|(status, meaning)| (status.to_string(), word(&words::MEANINGS, &meaning).into()))
        .collect();
    if !statuses.is_empty() {
        set(&mut section, "statuses", Value::Object(statuses));
    }
    if let Some(redis) = &settings.invalidated_by {
        set(&mut section, "invalidated_by", invalidated_by(redis));
    }
    section
}

fn invalidated_by(redis: &RedisSettings) -> Value {
    let mut section = json!({"redis": followed(redis)});
    if let Follows::Foreign(heads) = &redis.follows {
        set(&mut section, "prefixes", texts(heads));
    }
    section
}
