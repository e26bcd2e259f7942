//! What other frameworks write: handles in cookies, and records in stores. Data only, bounded; nothing is executed.

mod decode;

pub use decode::{DecodeError, Decoded, Encoding, Limits, decode_spring, parse_json};
