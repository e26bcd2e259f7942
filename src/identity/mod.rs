//! Who the caller is.

#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod identity;
mod idle;

pub use identity::Identity;
