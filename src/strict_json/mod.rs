//! Reads JSON more strictly than serde_json does: no member twice, nothing nested too deeply. The only reader of JSON
//! that somebody else has written.
//!
//! Two members of one name are how one reader is made to see another user than the next (RFC 8259 §4 leaves the
//! choice open); the depth bounds what cloning and dropping the value costs.

mod node;

pub use node::Node;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::de::{Read, SliceRead, StrRead};
use serde_json::error::Category;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

/// How much one text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// Lists and objects inside each other, the outermost counted; below 128.
    pub depth: usize,
    /// Values of every kind.
    pub nodes: usize,
}

/// Why a text is refused. Quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {at}", kind.as_str())]
pub struct JsonFault {
    /// What is wrong.
    pub kind: JsonFaultKind,
    /// Offset in the text, in bytes.
    pub at: usize,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonFaultKind {
    /// Not JSON in UTF-8, or more than one value.
    Syntax,
    /// JSON as far as it goes.
    Ends,
    /// Two members of one object have the same name.
    Duplicate,
    /// Nested deeper than the limit.
    TooDeep,
    /// More values than the limit.
    TooMany,
}

impl JsonFaultKind {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "not JSON",
            Self::Ends => "the text ends too early",
            Self::Duplicate => "a member is there twice",
            Self::TooDeep => "nested deeper than the limit",
            Self::TooMany => "more values than the limit",
        }
    }
}

impl Default for JsonLimits {
    /// 32 levels, and as many values as the text has.
    fn default() -> Self {
        Self {
            depth: 32,
            nodes: usize::MAX,
        }
    }
}

/// Reads one JSON text, to its end, within the usual limits.
///
/// # Errors
/// As [`parse_within`].
pub fn parse(bytes: &[u8]) -> Result<Value, JsonFault> {
    parse_within(bytes, JsonLimits::default())
}

/// Reads one JSON text, to its end.
///
/// # Errors
/// When it is not JSON, repeats a member, or is past a limit.
pub fn parse_within(bytes: &[u8], limits: JsonLimits) -> Result<Value, JsonFault> {
    parse_in_place(bytes, limits).map(Value::from)
}

/// The same for who takes a value apart and keeps little of it.
///
/// # Errors
/// As [`parse_within`].
pub fn parse_in_place(bytes: &[u8], limits: JsonLimits) -> Result<Node<'_>, JsonFault> {
    let bounds = Bounds {
        nodes_left: Cell::new(limits.nodes),
        fault: Cell::new(None),
    };
    read(bytes, &bounds, limits.depth).map_err(|error| JsonFault {
        at: offset(bytes, &error),
        kind: match error.classify() {
            Category::Eof => JsonFaultKind::Ends,
            _ => bounds.fault.get().unwrap_or(JsonFaultKind::Syntax),
        },
    })
}

fn read<'t>(bytes: &'t [u8], bounds: &Bounds, depth: usize) -> Result<Node<'t>, serde_json::Error> {
    // Checked as a whole: else each of its texts is.
    match str::from_utf8(bytes) {
        Ok(text) => read_from(StrRead::new(text), bounds, depth),
        // It is told where.
        Err(_) => read_from(SliceRead::new(bytes), bounds, depth),
    }
}

fn read_from<'t>(
    text: impl Read<'t>,
    bounds: &Bounds,
    depth: usize,
) -> Result<Node<'t>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::new(text);
    let strict = Strict {
        bounds,
        depth_left: depth,
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

/// What the text may still hold, and what was wrong with it: serde's errors carry text alone.
struct Bounds {
    nodes_left: Cell<usize>,
    fault: Cell<Option<JsonFaultKind>>,
}

impl Bounds {
    fn refuse<E: Error>(&self, fault: JsonFaultKind) -> E {
        self.fault.set(Some(fault));
        E::custom(fault.as_str())
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
        let depth_left = depth_left.ok_or_else(|| self.bounds.refuse(JsonFaultKind::TooDeep))?;
        Ok(Self { depth_left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node<'de>, D::Error> {
        let left = self.bounds.nodes_left.get().checked_sub(1);
        let left = left.ok_or_else(|| self.bounds.refuse(JsonFaultKind::TooMany))?;
        self.bounds.nodes_left.set(left);
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node<'de>, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node<'de>, E> {
        Ok(Number::from_f64(number).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        Text.visit_str(text).map(Node::Text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        Text.visit_borrowed_str(text).map(Node::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut object: Vec<(Cow<'de, str>, Node<'de>)> = Vec::new();
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key_seed(Text)? {
            // Looking through a few is faster than sorting them.
            let is_known = if object.len() < FEW {
                object.iter().any(|(known, _)| *known == name)
            } else {
                if names.is_empty() {
                    names.extend(object.iter().map(|(known, _)| known.clone()));
                }
                !names.insert(name.clone())
            };
            if is_known {
                return Err(self.bounds.refuse(JsonFaultKind::Duplicate));
            }
            object.push((name, members.next_value_seed(inner)?));
        }
        Ok(Node::Object(object))
    }
}

/// Reads a string.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
}

const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use super::{JsonFault, JsonFaultKind, JsonLimits, parse_within};
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    const LIMITS: JsonLimits = JsonLimits { depth: 3, nodes: 6 };

    #[test]
    fn a_fault_has_a_kind_and_a_place() {
        use JsonFaultKind::{Duplicate, Ends, Syntax};
        let cases: [(&[u8], JsonFaultKind, usize); 7] = [
            (b"", Ends, 0),
            (b"{\"a\":", Ends, 4),
            (b"{\"a\":\n\n x}", Syntax, 8),
            (b"{} {}", Syntax, 3),
            (b"\xef\xbb\xbf{}", Syntax, 0),
            (b"{\"a\":\"\xff\"}", Syntax, 6),
            (b"{\"a\":1,\"\\u0061\":1}", Duplicate, 14),
        ];
        for (text, kind, at) in cases {
            let fault = parse_within(text, LIMITS).expect_err("refused");
            assert_eq!(fault, JsonFault { kind, at }, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn each_limit_has_a_kind_of_its_own() {
        use JsonFaultKind::{Syntax, TooDeep, TooMany};
        let cases: [(&[u8], JsonFaultKind); 3] = [
            (b"[[[[]]]]", TooDeep),
            (b"[1,2,3,4,5,6]", TooMany),
            (b"{\"a\":1e999}", Syntax),
        ];
        for (text, kind) in cases {
            let fault = parse_within(text, LIMITS).expect_err("refused");
            assert_eq!(fault.kind, kind, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn what_is_within_the_limits_reads_as_serde_json_reads_it() {
        let read = parse_within(b" {\"a\":[1,-2.5,{}],\"b\":null}\n", LIMITS);
        assert_eq!(read, Ok(json!({"a": [1, -2.5, {}], "b": null})));
    }

    #[test]
    fn a_member_is_not_repeated_however_many_there_are() {
        for count in [1, 15, 16, 17, 40] {
            let members = |first: &str| {
                let others: String = (1..count).map(|at| format!(",\"m{at}\":{at}")).collect();
                format!("{{\"{first}\":0{others},\"x\":0}}")
            };
            let limits = JsonLimits::default();
            let read = parse_within(members("m0").as_bytes(), limits).expect("all differ");
            assert_eq!(read.as_object().map(Map::len), Some(count + 1));
            let fault = parse_within(members("x").as_bytes(), limits).expect_err("one is repeated");
            assert_eq!(fault.kind, JsonFaultKind::Duplicate, "{count}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_what_is_read_is_what_serde_json_reads(
            bytes in prop::collection::vec(prop::sample::select(br#"{}[]",:a1\ue "#.to_vec()), 0..24),
        ) {
            if let Ok(value) = parse_within(&bytes, JsonLimits::default()) {
                let expected: Value = serde_json::from_slice(&bytes).expect("it is JSON");
                prop_assert_eq!(value, expected);
            }
        }
    }
}
