//! JSON with types, as Jackson's default typing writes it: what is data in it.
//!
//! A map has its class in `@class`; what JSON has no members for is a pair, `["java.util.ArrayList",["a","b"]]`.
//! Source: Spring Data's `GenericJackson2JsonRedisSerializer`, which types all but final classes.

use serde_json::{Map, Value};

/// Takes the types out of a document. One without types stays as it is.
pub(super) fn untyped(document: Value) -> Value {
    plain(document, Typing::Unknown)
}

/// Whether the place is known to be in a typed document: there each list is in a pair, so a pair is never a list.
#[derive(Clone, Copy, PartialEq)]
enum Typing {
    Known,
    Unknown,
}

fn plain(value: Value, typing: Typing) -> Value {
    match value {
        Value::Object(members) => object(members, typing),
        Value::Array(items) => match <[Value; 2]>::try_from(items) {
            Ok([class, inner]) if is_pair(&class, &inner, typing) => inside(inner),
            Ok(items) => Value::Array(list(items, typing)),
            Err(items) => Value::Array(list(items, typing)),
        },
        scalar => scalar,
    }
}

fn object(mut members: Map<String, Value>, typing: Typing) -> Value {
    let typing = match members.remove(CLASS) {
        Some(_) => Typing::Known,
        None => typing,
    };
    let members = members.into_iter();
    Value::Object(
        members
            .map(|(name, value)| (name, plain(value, typing)))
            .collect(),
    )
}

/// The second of a pair: its own list is no pair again, its items may be.
fn inside(inner: Value) -> Value {
    match inner {
        Value::Array(items) => Value::Array(list(items, Typing::Known)),
        other => plain(other, Typing::Known),
    }
}

fn list(items: impl IntoIterator<Item = Value>, typing: Typing) -> Vec<Value> {
    items.into_iter().map(|item| plain(item, typing)).collect()
}

/// Two roles with dots in them look like a class and its text; outside a typed document only `java.` makes a class then.
fn is_pair(class: &Value, inner: &Value, typing: Typing) -> bool {
    let Some(class) = class.as_str().filter(|class| is_class(class)) else {
        return false;
    };
    typing == Typing::Known || !inner.is_string() || class.starts_with("java.")
}

/// `java.lang.Long`, `com.example.Account$Level`, `[Ljava.lang.String;`
fn is_class(text: &str) -> bool {
    let name = text.trim_start_matches('[');
    let letters = |part: &str| {
        part.chars()
            .all(|letter| letter.is_alphanumeric() || "_$;".contains(letter))
    };
    name.split('.')
        .all(|part| !part.is_empty() && letters(part))
        && (name.contains('.') || name.len() < text.len())
}

const CLASS: &str = "@class";
