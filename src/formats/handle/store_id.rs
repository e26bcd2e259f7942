//! What an id must be to stand in the key of a store.

use crate::secret::Secret;
use crate::token::{Flaw, FlawKind};

/// Visible ASCII alone, so that no key has a blank, a line's end or a NUL that its reader sees otherwise.
pub(super) fn store_id(id: Vec<u8>) -> Result<Secret<String>, Flaw> {
    let refused = |detail| Flaw::new(FlawKind::Malformed, detail);
    if id.is_empty() {
        return Err(refused("the id of the session is empty"));
    }
    if id.len() > MAX_ID_BYTES {
        return Err(refused("the id of the session is longer than 512 bytes"));
    }
    if !id.iter().all(u8::is_ascii_graphic) {
        return Err(refused("the id of the session is not visible ASCII"));
    }
    String::from_utf8(id)
        .map(Secret::new)
        .map_err(|_| refused("the id of the session is not UTF-8"))
}

const MAX_ID_BYTES: usize = 512;
