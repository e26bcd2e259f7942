//! Laravel's sessions in its cache: a PHP-serialised text that holds the session, PHP-serialised or as JSON.
//!
//! Sources: `Illuminate\Cache\RedisStore::serialize` and `Illuminate\Session\Store::save`.

use super::decoded::{DecodeError, Decoded};
use super::json;
use super::limits::Limits;
use super::php::{self, Php};
use super::reader::Reader;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
    let mut wrapper = Php::new(Reader::new(bytes, 0), limits);
    let not_wrapped = "not a serialised text, as Laravel's cache writes it";
    wrapper.reader.expect(b"s", not_wrapped)?;
    let session = wrapper.quoted()?;
    wrapper.reader.expect(b";", "no `;` after a text")?;
    wrapper.reader.end()?;
    let at = wrapper.reader.at() - session.len() - b"\";".len();
    match session.first() {
        Some(b'a') => php::decode(session, at, limits),
        Some(b'{' | b'[') => json::decode(session, at, limits),
        _ => Err(DecodeError {
            at,
            fault: "neither a serialised array nor JSON; an encrypted session cannot be read",
        }),
    }
}
