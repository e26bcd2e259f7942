//! `Refusal`: why the admin listener does not do what it was asked.

use crate::store::{LookupError, StoreError};
use http::StatusCode;
use std::borrow::Cow;
use thiserror::Error;

/// Holds a remedy, and never a token or a key.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Refusal {
    /// The answer's status.
    pub status: StatusCode,
    /// What is wrong, and what to do about it.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// With this status.
    pub(super) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// The request is at fault.
    pub(super) fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// The store of this source is.
    pub(super) fn store(source: &str, error: &StoreError) -> Self {
        let message = format!("sessions {source}: {error}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// What its store holds is, or the store.
    pub(super) fn lookup(source: &str, error: &LookupError) -> Self {
        match error {
            LookupError::Store(error) => Self::store(source, error),
            LookupError::Broken(broken) => {
                let message = format!("sessions {source}: {broken}");
                Self::new(StatusCode::BAD_GATEWAY, message)
            }
            LookupError::Without(why) => {
                let message = format!("sessions {source}: {why}");
                Self::new(StatusCode::NOT_FOUND, message)
            }
        }
    }
}
