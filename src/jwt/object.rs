//! JSON objects that read in one way only: no member twice, not nested deeply (RFC 7515 §4, RFC 8725 §2.6).

use crate::strict_json::{self, JsonFaultKind, JsonLimits};
use serde_json::{Map, Value};

/// The outermost object counts.
const LIMITS: JsonLimits = JsonLimits {
    depth: 16,
    nodes: usize::MAX,
};

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
    match strict_json::parse_within(bytes, LIMITS) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(JsonFault::NotAnObject),
        Err(fault) => Err(match fault.kind {
            JsonFaultKind::Duplicate => JsonFault::Duplicate,
            JsonFaultKind::TooDeep | JsonFaultKind::TooMany => JsonFault::TooDeep,
            JsonFaultKind::Syntax | JsonFaultKind::Ends => JsonFault::Syntax,
        }),
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
