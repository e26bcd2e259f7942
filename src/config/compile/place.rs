//! `Place`: one entry of `token:`.

use crate::store::Envelope;
use crate::token::TokenSource;

/// Where a token may stand, and what it stands in.
pub(super) struct Place {
    pub(super) token: TokenSource,
    /// Of a cookie that carries what it is about.
    pub(super) envelope: Option<Envelope>,
}

impl Place {
    /// A token that stands there as it is.
    pub(super) fn plain(token: TokenSource) -> Self {
        Self {
            token,
            envelope: None,
        }
    }
}
