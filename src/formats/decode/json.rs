//! Reads JSON more strictly than serde_json does: no member twice, nothing nested too deeply.
//!
//! Two members of one name are how one reader is made to see another user than the next (RFC 8259 §4 leaves the
//! choice open); the depth bounds what cloning and dropping the value costs.

use super::decoded::{DecodeError, Decoded};
use super::graph::TOO_MANY;
use super::limits::Limits;
use super::reader::ENDS;
use super::unfold::TOO_DEEP;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// Reads a JSON text, which begins at offset `at` of the record.
pub(super) fn decode(bytes: &[u8], at: usize, limits: &Limits) -> Result<Decoded, DecodeError> {
    let bounds = Bounds::new(limits.depth, limits.nodes);
    match read(bytes, &bounds) {
        Ok(value) => Ok(Decoded {
            value,
            opaque: Vec::new(),
        }),
        Err(error) => Err(DecodeError {
            at: at + offset(bytes, &error),
            fault: match error.classify() {
                Category::Eof => ENDS,
                _ => bounds.fault.get().unwrap_or("not JSON"),
            },
        }),
    }
}

fn read(bytes: &[u8], bounds: &Bounds) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict {
        bounds,
        depth_left: bounds.depth,
    };
    let value = strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Where serde_json counts lines and columns, we count bytes.
fn offset(bytes: &[u8], error: &serde_json::Error) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    bytes.len().min(before + error.column().saturating_sub(1))
}

/// What one text may hold, and what was wrong with it.
struct Bounds {
    depth: usize,
    nodes_left: Cell<usize>,
    fault: Cell<Option<&'static str>>,
}

impl Bounds {
    fn new(depth: usize, nodes: usize) -> Self {
        Self {
            depth,
            nodes_left: Cell::new(nodes),
            fault: Cell::new(None),
        }
    }

    fn refuse<E: Error>(&self, fault: &'static str) -> E {
        self.fault.set(Some(fault));
        E::custom(fault)
    }
}

/// Reads one value with so many levels of nesting to spare.
#[derive(Clone, Copy)]
struct Strict<'b> {
    bounds: &'b Bounds,
    depth_left: usize,
}

impl Strict<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left.ok_or_else(|| self.bounds.refuse(TOO_DEEP))?;
        Ok(Self { depth_left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        let left = self.bounds.nodes_left.get().checked_sub(1);
        let left = left.ok_or_else(|| self.bounds.refuse(TOO_MANY))?;
        self.bounds.nodes_left.set(left);
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match map.entry(name) {
                Entry::Vacant(place) => place.insert(members.next_value_seed(inner)?),
                Entry::Occupied(_) => return Err(self.bounds.refuse("a member is there twice")),
            };
        }
        Ok(Value::Object(map))
    }
}
