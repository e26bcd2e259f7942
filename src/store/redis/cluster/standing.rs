//! `Standing`: what is known of the cluster. The survey writes it, whoever asks reads it.

use super::fleet::Fleet;
use crate::store::contract::{StoreError, StoreFault};
use crate::store::redis::fault::fault;
use std::sync::Arc;

/// What is known of the cluster.
pub(super) enum Standing {
    /// The first survey is not over.
    Unknown,
    /// A survey that fails later changes nothing.
    Known(Arc<Fleet>),
    /// No node has told of any master, and why.
    Failed(StoreError),
}

impl Standing {
    /// The masters, or what to tell who asks.
    pub(super) fn fleet(&self) -> Result<Arc<Fleet>, StoreError> {
        match self {
            Self::Known(fleet) => Ok(Arc::clone(fleet)),
            Self::Failed(error) => Err(error.clone()),
            Self::Unknown => Err(fault(StoreFault::Io, "not connected yet")),
        }
    }
}
