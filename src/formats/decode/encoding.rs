//! `Encoding`: how the value of a foreign record is written.

use super::decoded::{DecodeError, Decoded};
use super::limits::Limits;
use super::php_session::Naming;
use super::{json, laravel, msgpack, php, php_session, pickle};

/// The encodings of a Redis string. A hash of Spring Session is read by [`decode_spring`](super::decode_spring).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, a member twice refused: connect-redis, better-auth, Authgear, Hasura's header map.
    Json,
    /// MessagePack: Flask-Session.
    Msgpack,
    /// PHP's `serialize`, and sessions by `session.serialize_handler = php_serialize`.
    Php,
    /// Sessions by PHP's default, `session.serialize_handler = php`.
    PhpSession,
    /// Sessions by `session.serialize_handler = php_binary`.
    PhpBinary,
    /// Laravel's cache around a PHP array or JSON.
    Laravel,
    /// Python's pickle, the part of it that is data: Django.
    Pickle,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Json,
        Self::Msgpack,
        Self::Php,
        Self::PhpSession,
        Self::PhpBinary,
        Self::Laravel,
        Self::Pickle,
    ];

    /// Its word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Msgpack => "msgpack",
            Self::Php => "php",
            Self::PhpSession => "php_session",
            Self::PhpBinary => "php_binary",
            Self::Laravel => "laravel",
            Self::Pickle => "pickle",
        }
    }

    /// Reads a whole record. Nothing of it is executed.
    ///
    /// # Errors
    /// When it is not so encoded, or past a limit.
    pub fn decode(self, bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
        if bytes.len() > limits.bytes {
            return Err(DecodeError {
                at: limits.bytes,
                fault: "larger than the limit",
            });
        }
        match self {
            Self::Json => json::decode(bytes, 0, limits),
            Self::Msgpack => msgpack::decode(bytes, limits),
            Self::Php => php::decode(bytes, 0, limits),
            Self::PhpSession => php_session::decode(bytes, Naming::Bar, limits),
            Self::PhpBinary => php_session::decode(bytes, Naming::Length, limits),
            Self::Laravel => laravel::decode(bytes, limits),
            Self::Pickle => pickle::decode(bytes, limits),
        }
    }
}
