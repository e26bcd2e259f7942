//! Records that hold the hash of the token by which they are opened.

use crate::token::TokenDigest;
use ring::hmac;

/// Whether a record's field is the SHA-256 of the whole token, in lower-case hex as Skygear and Authgear write
/// (research/features.md A.9), found out in a time that tells nothing about how much of it is right.
#[must_use]
pub fn matches_token_hash(field: &str, token: TokenDigest) -> bool {
    let expected = token.to_hex();
    let blind = hmac::Key::new(hmac::HMAC_SHA256, b"token hash");
    let tag = hmac::sign(&blind, expected.as_bytes());
    hmac::verify(&blind, field.as_bytes(), tag.as_ref()).is_ok()
}
