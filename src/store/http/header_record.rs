//! The headers of an answer as a record, by name.

use super::answer_map::AnswerMap;
use crate::store::broken_record::BrokenRecord;
use crate::store::foreign::{Field, FieldPath};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

/// Takes what the map names, and nothing else. Roles are a list with commas, over as many lines as there are: a blank
/// belongs to a role, so that a group called `not admin` never becomes the role `admin`.
///
/// # Errors
/// When a header is no text, or stands there several times and is no list.
pub(super) fn of(headers: &HeaderMap, map: &AnswerMap) -> Result<Value, BrokenRecord> {
    let mut record = Map::new();
    for (_, path) in map.fields.attributes() {
        if let Some(text) = one(headers, path)? {
            record.insert(path.head().to_owned(), attribute(text));
        }
    }
    let fields = Field::ALL.iter().map(|(_, field)| *field);
    let fields = fields.filter(|field| *field != Field::Roles);
    let paths = fields.filter_map(|field| map.fields.path(field));
    for path in paths.chain(&map.valid) {
        if let Some(text) = one(headers, path)? {
            record.insert(path.head().to_owned(), Value::from(text));
        }
    }
    if let Some(path) = map.fields.path(Field::Roles) {
        let roles = list(headers, path)?;
        record.insert(path.head().to_owned(), roles);
    }
    Ok(Value::Object(record))
}

/// Flags are flags in a record of our own too.
fn attribute(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::from(text),
    }
}

fn one<'h>(headers: &'h HeaderMap, path: &FieldPath) -> Result<Option<&'h str>, BrokenRecord> {
    let mut lines = headers.get_all(path.head()).iter();
    let line = lines.next().map(|line| text(line, path)).transpose()?;
    if lines.next().is_some() {
        let fault = "is there several times";
        return Err(BrokenRecord::new(path.to_string(), fault));
    }
    Ok(line)
}

fn list(headers: &HeaderMap, path: &FieldPath) -> Result<Value, BrokenRecord> {
    let mut items = Vec::new();
    for line in headers.get_all(path.head()) {
        let parts = text(line, path)?.split(',').map(str::trim);
        let named = parts.filter(|part| !part.is_empty());
        items.extend(named.map(Value::from));
    }
    Ok(Value::Array(items))
}

/// Names of people are sent as UTF-8.
fn text<'h>(line: &'h HeaderValue, path: &FieldPath) -> Result<&'h str, BrokenRecord> {
    let text = str::from_utf8(line.as_bytes());
    text.map_err(|_| BrokenRecord::new(path.to_string(), "not UTF-8"))
}
