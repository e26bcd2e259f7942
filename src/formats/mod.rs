//! What other frameworks write: handles in cookies, and records in stores. Data only, bounded; nothing is executed.

mod decode;
mod hmac_digest;
mod secrets;

pub mod cookie_session;
pub mod handle;

pub use decode::{DecodeError, Decoded, Encoding, Limits, decode_spring};
pub use hmac_digest::HmacDigest;
pub use secrets::{Secrets, SecretsError};
