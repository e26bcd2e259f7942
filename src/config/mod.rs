//! The one room that knows YAML: a file becomes a [`Blueprint`](crate::blueprint::Blueprint), or every fault in it, each at its place.
//!
//! `raw` keeps what the file says, `compile` makes settings of it; there is no third form between them,
//! because a typed copy of the file would lose the places or stop at the first wrong type.

mod address;
mod compile;
mod effective;
mod environment;
mod issue;
mod keys;
mod load;
mod raw;
mod reading;
mod scalar;
mod schema;
mod secrets;
mod units;
mod words;

pub use compile::{Idle, PRESETS, Preset, UrlError, redis_at};
pub use environment::{Environment, ProcessEnvironment};
pub use issue::{Excerpt, Issue, Issues, Severity};
pub use load::{Loaded, compile_text, load};
pub use schema::schema;
pub use words::Signing;

#[cfg(test)]
mod tests;
