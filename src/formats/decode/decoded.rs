//! `Decoded`: what a foreign record says, and `DecodeError`: why it could not be read.

use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// A record as a tree of data.
#[derive(Clone, PartialEq)]
pub struct Decoded {
    /// The data. Where the record holds something that is no data (an object of a class, bytes that are no UTF-8, a
    /// number that is none), it is `null` and its path stands in `opaque`.
    pub value: Value,
    /// Dotted paths of those places, the first 32; the empty path is the whole record. A map is listed too if a key of
    /// it was left out because it is neither text nor a whole number. Names are cut at 64 characters.
    pub opaque: Vec<String>,
}

/// Prints no data: records hold tokens and addresses.
impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("opaque", &self.opaque.len())
            .finish_non_exhaustive()
    }
}

/// A record that is not what its encoding says, or is past a limit. Quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{fault} at byte {at}")]
pub struct DecodeError {
    /// Offset in the record, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub fault: &'static str,
}
