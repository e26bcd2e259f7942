//! Signed tokens: checked against configured keys, never against what the token says of itself (RFC 7515, 7519, 8725).

mod public_jwk;
mod signing_key;

pub use public_jwk::{PublicJwk, key_set};
pub use signing_key::{SigningAlgorithm, SigningError, SigningKey, SigningKeyError};
