//! `TokenSource`: where in a request a token may stand. Settings, as the configuration's `token:` list gives them.

use super::body::{BodyKind, FormField, JsonPath};
use crate::request::is_token_byte;
use std::fmt;

/// One place to look; a session source has an ordered list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `Authorization: Bearer <token68>` (RFC 6750, RFC 9110 §11).
    Bearer,
    /// A pair in the `Cookie` header (RFC 6265 §5.4).
    Cookie(CookieSource),
    /// A cookie, and another one that signs it: `session` and `session.sig` (features.md A.5).
    SignedCookie {
        /// The one.
        cookie: CookieSource,
        /// The other.
        signature: CookieSource,
    },
    /// A field of the body, where that is a form. Only routes with `body_token` look.
    Form(FormField),
    /// A member of the body, where that is JSON. Only routes with `body_token` look.
    Json(JsonPath),
}

impl TokenSource {
    /// The cookies that it reads.
    pub fn cookies(&self) -> impl Iterator<Item = &CookieName> {
        let (cookie, signature) = match self {
            Self::Bearer | Self::Form(_) | Self::Json(_) => (None, None),
            Self::Cookie(cookie) => (Some(cookie), None),
            Self::SignedCookie { cookie, signature } => (Some(cookie), Some(signature)),
        };
        cookie
            .into_iter()
            .chain(signature)
            .map(|cookie| &cookie.name)
    }

    /// The kind of body that it looks into; `None` for a source that needs none.
    #[must_use]
    pub fn body_kind(&self) -> Option<BodyKind> {
        match self {
            Self::Bearer | Self::Cookie(_) | Self::SignedCookie { .. } => None,
            Self::Form(_) => Some(BodyKind::Form),
            Self::Json(_) => Some(BodyKind::Json),
        }
    }
}

/// A named cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieSource {
    /// Matched byte for byte: cookie names are case-sensitive.
    pub name: CookieName,
    /// What two different values mean.
    pub duplicates: Duplicates,
}

/// What to do when the cookie is shown with different values (cookie tossing, design rule R11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// The credential is invalid, reason `ambiguous`.
    #[default]
    Reject,
    /// The first value is taken.
    First,
}

/// A cookie name: an RFC 9110 token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieName(Box<str>);

impl CookieName {
    /// `None` unless `name` is an RFC 9110 token of 1 to 128 bytes.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = (1..=128).contains(&name.len()) && name.bytes().all(is_token_byte);
        fits.then(|| Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer => f.write_str("bearer"),
            Self::Cookie(cookie) => write!(f, "cookie:{}", cookie.name.as_str()),
            Self::SignedCookie { cookie, .. } => {
                write!(f, "signed cookie:{}", cookie.name.as_str())
            }
            Self::Form(field) => write!(f, "form:{field}"),
            Self::Json(path) => write!(f, "json:{path}"),
        }
    }
}
