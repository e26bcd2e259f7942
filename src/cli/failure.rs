//! `Failure`: why a command failed.

use crate::config::Issues;
use std::error::Error;
use thiserror::Error;

/// Why a command failed; the exit code follows from it.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// The configuration is at fault: exit code 3.
    #[error(transparent)]
    Config(#[from] Issues),
    /// It was already said on standard error or in the output; the exit code.
    #[error("")]
    Said(u8),
    /// Anything else: exit code 1.
    #[error("{0}")]
    Failed(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// Any error that is not about the configuration.
    pub(super) fn from_error(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}
