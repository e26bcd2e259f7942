//! `Place`: one entry of `token:`.

use crate::store::{Content, Envelope};
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

    /// Whether it is a cookie with a signed token inside.
    pub(super) fn holds_token(&self) -> bool {
        let content = self.envelope.as_ref().map(|envelope| &envelope.content);
        matches!(content, Some(Content::Token(_)))
    }
}
