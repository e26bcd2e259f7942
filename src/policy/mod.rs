//! Who may pass: the pure decision about one request once its session is known.

mod judge;
mod settings;
#[cfg(test)]
mod tests;
mod verdict;

pub use judge::{Policy, Standing};
pub use settings::{OnDisabled, OnInvalid, Require};
pub use verdict::{InvalidReason, Pass, Refusal};
