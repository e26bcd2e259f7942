//! The JSON Schema of the format, for editors and `sessiongate schema`.

use serde_json::Value;

/// JSON Schema, draft 2020-12; the same text as `conf/sessiongate.schema.json`.
#[must_use]
pub fn schema() -> Value {
    let text = include_str!("../../conf/sessiongate.schema.json");
    serde_json::from_str(text).expect("a test parses this very text")
}
