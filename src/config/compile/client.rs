//! `client:`.

use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::listen::ClientLimits;

/// Pingora 0.9.1 reads heads of less than 1 MiB.
const MOST_HEADER_BYTES: u64 = (1 << 20) - 1;
/// Pingora 0.9.1 parses at most 256 header lines.
const MOST_HEADERS: u64 = 256;

/// What a client may take of us.
pub(super) fn limits(root: &Mapping<'_>) -> ClientLimits {
    let mut limits = ClientLimits::default();
    let Some(section) = root.section("client", keys::CLIENT) else {
        return limits;
    };
    if let Some(timeouts) = section.section("timeout", keys::CLIENT_TIMEOUT) {
        timeouts.timeouts([
            ("header", &mut limits.header_timeout),
            ("idle", &mut limits.idle_timeout),
            ("read", &mut limits.read_timeout),
            ("write", &mut limits.write_timeout),
        ]);
    }
    if let Some(size) = section.get("max_header").and_then(header_bytes) {
        limits.max_header_bytes = size;
    }
    let count = section
        .get("max_headers")
        .and_then(|value| value.count(1, MOST_HEADERS));
    if let Some(count) = count {
        limits.max_headers = usize::try_from(count).unwrap_or(usize::MAX);
    }
    if let Some(size) = section.get("max_body").and_then(Value::bytes_or_none) {
        limits.max_body_bytes = size;
    }
    limits
}

fn header_bytes(value: Value<'_>) -> Option<usize> {
    let size = value.bytes()?;
    if (1..=MOST_HEADER_BYTES).contains(&size) {
        return usize::try_from(size).ok();
    }
    value.fault("out of range", "from 1B to less than 1MiB");
    None
}
