//! JSON, as strictly as everywhere: no member twice.

use super::decoded::{DecodeError, Decoded};
use super::graph::TOO_MANY;
use super::limits::Limits;
use super::reader::ENDS;
use super::unfold::TOO_DEEP;
use crate::strict_json::{self, JsonFaultKind, JsonLimits};

/// Reads a JSON text, which begins at offset `at` of the record.
pub(super) fn decode(bytes: &[u8], at: usize, limits: &Limits) -> Result<Decoded, DecodeError> {
    let bounds = JsonLimits {
        depth: limits.depth,
        nodes: limits.nodes,
    };
    match strict_json::parse_within(bytes, bounds) {
        Ok(value) => Ok(Decoded {
            value,
            opaque: Vec::new(),
        }),
        Err(error) => Err(DecodeError {
            at: at + error.at,
            fault: match error.kind {
                JsonFaultKind::Ends => ENDS,
                JsonFaultKind::TooDeep => TOO_DEEP,
                JsonFaultKind::TooMany => TOO_MANY,
                kind => kind.as_str(),
            },
        }),
    }
}
