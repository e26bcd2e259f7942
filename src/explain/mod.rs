//! The road of one request, step by step, with the functions that the proxy itself runs.

mod described;
mod explanation;
mod flaw;
mod masked;

pub use described::{Described, NotARequest};
pub use explanation::{Explanation, in_words};
