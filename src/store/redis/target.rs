//! `Target`: which server a connection is to lead to.

use super::dialer::{Dialer, Dialled, Manner};
use super::sentinel::Sentinels;
use crate::store::contract::{StoreError, StoreOpenError};
use crate::store::settings::RedisAddress;
use redis::PushInfo;
use std::fmt;
use std::future::pending;

/// Found anew with every connection.
pub(super) enum Target {
    /// Always the same one.
    Fixed(Box<Dialer>),
    /// Whichever the sentinels name.
    Master(Sentinels),
}

impl Target {
    /// One server. Opens nothing.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub(super) fn fixed(address: &RedisAddress, manner: &Manner) -> Result<Self, StoreOpenError> {
        Ok(Self::Fixed(Box::new(Dialer::new(address, manner)?)))
    }

    /// Opens a connection; pushes and its end go to `on_push`, as [`Dialer::connect`] says.
    pub(super) async fn connect(
        &self,
        on_push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<Dialled, StoreError> {
        match self {
            Self::Fixed(dialer) => dialer.connect(on_push).await,
            Self::Master(sentinels) => sentinels.connect(on_push).await,
        }
    }

    /// Returns when another server is the right one, with its address.
    pub(super) async fn superseded(&self, current: &str) -> String {
        match self {
            Self::Fixed(_) => pending().await,
            Self::Master(sentinels) => sentinels.superseded(current).await,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(dialer) => dialer.address.fmt(f),
            Self::Master(sentinels) => write!(f, "the master `{}`", sentinels.master),
        }
    }
}
