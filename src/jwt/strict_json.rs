//! JSON objects that read in one way only: no member twice, not nested deeply (RFC 7515 §4, RFC 8725 §2.6).

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// The deepest nesting; the outermost object counts.
const MAX_DEPTH: usize = 16;

/// Why bytes are not such an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonFault {
    /// Not JSON in UTF-8, or more than one value.
    Syntax,
    /// Another value than an object.
    NotAnObject,
    /// Two members of one object have the same name.
    Duplicate,
    /// Nested deeper than 16.
    TooDeep,
}

impl JsonFault {
    /// Goes on after "its header ", "its payload ".
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "is not JSON",
            Self::NotAnObject => "is not a JSON object",
            Self::Duplicate => "has a member twice",
            Self::TooDeep => "is nested too deeply",
        }
    }
}

/// Reads one object and nothing beside it.
pub(super) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonFault> {
    let text = str::from_utf8(bytes).map_err(|_| JsonFault::Syntax)?;
    let fault = Cell::new(None);
    let mut json = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        depth: 0,
        fault: &fault,
    };
    let value = strict
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value))
        .map_err(|_| fault.get().unwrap_or(JsonFault::Syntax))?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(JsonFault::NotAnObject),
    }
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    /// Arrays and objects around this value.
    depth: usize,
    /// Serde's errors carry text alone.
    fault: &'f Cell<Option<JsonFault>>,
}

impl Strict<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(JsonFault::TooDeep));
        }
        let depth = self.depth + 1;
        Ok(Self { depth, ..self })
    }

    fn refuse<E: Error>(self, fault: JsonFault) -> E {
        self.fault.set(Some(fault));
        E::custom(fault.as_str())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| self.refuse(JsonFault::Syntax))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(inner)?;
            if members.insert(name, value).is_some() {
                return Err(self.refuse(JsonFault::Duplicate));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonFault, read_object};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_object_reads_as_serde_json_reads_it() {
        let text = r#" {"a":[1,-2,3.5,1e3,null,true,{"é":"\u00e9\n"}],"b":{}} "#;
        let members = read_object(text.as_bytes()).expect("an object");
        let expected = json!({"a": [1, -2, 3.5, 1e3, null, true, {"é": "é\n"}], "b": {}});
        assert_eq!(serde_json::Value::Object(members), expected);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let deep = |levels: usize| {
            let (open, close) = ("{\"a\":".repeat(levels), "}".repeat(levels));
            format!("{open}1{close}")
        };
        assert!(read_object(deep(16).as_bytes()).is_ok());
        let (deeper, bomb) = (deep(17), "[".repeat(100_000));
        let cases: [(&[u8], JsonFault); 14] = [
            (b"", JsonFault::Syntax),
            (b"{", JsonFault::Syntax),
            (b"{} {}", JsonFault::Syntax),
            (b"{}\0", JsonFault::Syntax),
            (b"\xef\xbb\xbf{}", JsonFault::Syntax),
            (b"{\"a\":\"\xff\"}", JsonFault::Syntax),
            (b"{\"a\":\"\\ud800\"}", JsonFault::Syntax),
            (b"{\"a\":1e999}", JsonFault::Syntax),
            (b"{\"a\":NaN}", JsonFault::Syntax),
            (b"[1]", JsonFault::NotAnObject),
            (b"{\"a\":1,\"\\u0061\":1}", JsonFault::Duplicate),
            (b"{\"x\":[{\"a\":1,\"a\":2}]}", JsonFault::Duplicate),
            (deeper.as_bytes(), JsonFault::TooDeep),
            (bomb.as_bytes(), JsonFault::TooDeep),
        ];
        for (bytes, expected) in cases {
            let shown = String::from_utf8_lossy(bytes);
            let shown = shown.chars().take(60).collect::<String>();
            assert_eq!(read_object(bytes), Err(expected), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_object(&bytes);
        }
    }
}
