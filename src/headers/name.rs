//! Header names: which belong to built-in profiles, which a custom profile may write, and which are the same.

use crate::request::is_token_byte;
use thiserror::Error;

/// What every header of the skygear, authgear and hasura profiles starts with. Reserved on every route, whatever
/// profiles are configured (design section 3).
pub const BUILT_IN_PREFIXES: [&str; 3] = ["x-skygear-", "x-authgear-", "x-hasura-"];

/// Canonical names that a profile must leave alone: they frame or route the message, carry the credential (every name
/// that a profile writes is removed from what the client sent), or are the gateway's own to write.
const NOT_FOR_PROFILES: [&str; 13] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-request-id",
];

/// The same for all names that start so.
const PREFIXES_NOT_FOR_PROFILES: [&str; 2] = ["proxy-", "x-forwarded-"];

/// Why a custom profile cannot write a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not an RFC 9110 token of 1 to 128 bytes.
    #[error("not a header name")]
    NotAName,
    /// One of those that a profile must leave alone.
    #[error("belongs to HTTP or to the gateway")]
    NotForProfiles,
}

/// Whether a custom profile may write a header of this name.
///
/// # Errors
/// Why it may not.
pub fn check_custom_name(name: &str) -> Result<(), NameError> {
    if !(1..=128).contains(&name.len()) || !name.bytes().all(is_token_byte) {
        return Err(NameError::NotAName);
    }
    let name = canonical_name(name);
    let starts = |prefix: &&str| name.starts_with(prefix.as_bytes());
    let taken = NOT_FOR_PROFILES
        .iter()
        .any(|taken| taken.as_bytes() == &*name)
        || PREFIXES_NOT_FOR_PROFILES.iter().any(starts);
    if taken {
        return Err(NameError::NotForProfiles);
    }
    Ok(())
}

/// The form in which two names are the same header to some upstream: lower-case, and every byte outside `a-z0-9` read
/// as `-`.
#[must_use]
pub fn canonical_name(name: &str) -> Box<[u8]> {
    name.bytes().map(canonical).collect()
}

/// One byte of a canonical name.
pub(super) const fn canonical(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'0'..=b'9' => byte,
        b'A'..=b'Z' => byte.to_ascii_lowercase(),
        _ => b'-',
    }
}
