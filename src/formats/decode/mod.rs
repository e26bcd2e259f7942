//! From the bytes that frameworks keep in Redis to data. Only data: a class, an object or a call in a record becomes an
//! opaque place, and every decoder is bounded in size, depth and number of values.

mod decoded;
mod encoding;
mod graph;
mod jackson;
mod jdk;
mod json;
mod laravel;
mod limits;
mod msgpack;
mod php;
mod php_session;
mod pickle;
mod reader;
mod spring;
#[cfg(test)]
mod tests;
mod unfold;

pub use decoded::{DecodeError, Decoded};
pub use encoding::Encoding;
pub use limits::Limits;
pub use spring::decode_spring;
