//! `BrokenRecord`: what a store holds and nobody can use.

use std::borrow::Cow;
use thiserror::Error;

/// A record that cannot be used. Names the field and the fault, never the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("broken session record: {field}: {fault}")]
pub struct BrokenRecord {
    /// Dotted path in the record, or `record` for the whole.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub fault: Cow<'static, str>,
}

impl BrokenRecord {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<Cow<'static, str>>, fault: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: field.into(),
            fault: fault.into(),
        }
    }
}
