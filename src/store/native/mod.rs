//! The native session record of design section 6: JSON bytes in, a checked `Session` out.

mod decode;
mod members;
#[cfg(test)]
mod tests;

pub(super) use decode::MAX_RECORD_BYTES;
pub use decode::decode_native;
pub(crate) use members::parse_span;
