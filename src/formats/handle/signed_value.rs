//! `SignedValue`: a value, a dot, and the signature over the value.

use crate::formats::secrets::Secrets;
use crate::token::{Flaw, FlawKind};
use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::hmac;

/// Split at the last dot, not verified yet. Only the one writing of a signature that its signer uses is read.
pub(super) struct SignedValue<'h> {
    pub(super) value: &'h [u8],
    pub(super) signature: Vec<u8>,
}

impl<'h> SignedValue<'h> {
    /// The signature is in base64 with `=`.
    pub(super) fn padded(handle: &'h [u8]) -> Result<Self, Flaw> {
        Self::split(handle, &STANDARD)
    }

    /// In base64 without `=`.
    pub(super) fn unpadded(handle: &'h [u8]) -> Result<Self, Flaw> {
        Self::split(handle, &STANDARD_NO_PAD)
    }

    /// In base64url without `=`.
    pub(super) fn for_urls(handle: &'h [u8]) -> Result<Self, Flaw> {
        Self::split(handle, &URL_SAFE_NO_PAD)
    }

    /// The value, if one of the secrets signed it with HMAC-SHA256.
    pub(super) fn by(self, secrets: &Secrets) -> Result<&'h [u8], Flaw> {
        let is_signed = secrets.have_signed(hmac::HMAC_SHA256, self.value, &self.signature);
        is_signed.then_some(self.value).ok_or_else(forged)
    }

    fn split(handle: &'h [u8], writing: &GeneralPurpose) -> Result<Self, Flaw> {
        let unsigned = || Flaw::new(FlawKind::Malformed, "it has no signature after a dot");
        let dot = handle.iter().rposition(|byte| *byte == b'.');
        let (value, dotted) = dot
            .and_then(|dot| handle.split_at_checked(dot))
            .ok_or_else(unsigned)?;
        let signature = dotted.strip_prefix(b".").unwrap_or_default();
        let signature = writing.decode(signature).map_err(|_| forged())?;
        Ok(Self { value, signature })
    }
}

/// No secret that is configured made the signature.
pub(super) fn forged() -> Flaw {
    let detail = "none of the configured secrets has signed the handle";
    Flaw::new(FlawKind::Signature, detail)
}
