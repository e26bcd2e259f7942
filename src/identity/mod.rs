//! Who the caller is.

mod asserter;
#[cfg(test)]
mod asserter_tests;
mod assertion_slots;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod identity;
mod idle;
mod words;

pub use asserter::{Asserter, AssertionSettings};
pub use identity::Identity;
