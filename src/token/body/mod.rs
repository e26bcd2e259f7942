//! Tokens in the body of a request: what kinds of body are looked into, and what is found there.

mod agree;
mod field;
mod form;
mod json;
mod kind;

pub use field::{FormField, JsonPath};
pub use kind::BodyKind;

pub(super) use form::find as find_in_form;
pub(super) use json::find as find_in_json;
