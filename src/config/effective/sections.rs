//! What several sections are put together with.

use crate::config::words::{self, word};
use crate::token::CookieSource;
use serde_json::{Value, json};
use std::fmt::Display;

/// Stands for every secret.
pub(super) const REDACTED: &str = "<redacted>";

pub(super) fn set(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(key.to_owned(), value);
    }
}

pub(super) fn texts<T: Display>(items: &[T]) -> Value {
    items.iter().map(ToString::to_string).collect()
}

pub(super) fn cookie(cookie: &CookieSource) -> Value {
    let duplicates = word(&words::DUPLICATES, &cookie.duplicates);
    json!({"name": cookie.name.as_str(), "duplicates": duplicates})
}
