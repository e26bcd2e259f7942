//! `Authenticate`: what proves that a framework gave a handle out.

use super::itsdangerous::ItsDangerous;
use super::laravel::Laravel;
use super::signed_value::SignedValue;
use crate::formats::secrets::Secrets;
use crate::token::{Flaw, FlawKind};
use std::borrow::Cow;

/// One way of proving. Each has a list of secrets, so that secrets can be changed while sessions live.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Authenticate {
    /// Nothing: the id is long and random, and the store knows it.
    #[default]
    None,
    /// express-session: `s:<id>.<HMAC-SHA256 in base64 without =>`, by the package cookie-signature. A handle
    /// without `s:` is refused.
    Express(Secrets),
    /// `<value>.<HMAC-SHA256 in base64 with =>`: the signed cookies of better-auth and Hono.
    SignedValue(Secrets),
    /// `<value>.<HMAC in base64url without =>`: Flask-Session with `SESSION_USE_SIGNER`.
    ItsDangerous(ItsDangerous),
    /// The encrypted cookies of Laravel.
    Laravel(Laravel),
}

impl Authenticate {
    /// What was proved, freed of its proof.
    pub(super) fn open<'h>(&self, handle: &'h [u8]) -> Result<Cow<'h, [u8]>, Flaw> {
        match self {
            Self::None => Ok(Cow::Borrowed(handle)),
            Self::Express(secrets) => {
                let signed = handle.strip_prefix(b"s:").ok_or_else(|| {
                    Flaw::new(FlawKind::Malformed, "an express handle begins with `s:`")
                })?;
                SignedValue::unpadded(signed)?
                    .by(secrets)
                    .map(Cow::Borrowed)
            }
            Self::SignedValue(secrets) => {
                SignedValue::padded(handle)?.by(secrets).map(Cow::Borrowed)
            }
            Self::ItsDangerous(signer) => signer.open(handle).map(Cow::Borrowed),
            Self::Laravel(encrypter) => encrypter.open(handle).map(Cow::Owned),
        }
    }
}
