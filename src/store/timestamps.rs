//! Moments in Unix milliseconds, as records write them.

use crate::clock::UnixMillis;
use crate::timestamp;
use time::OffsetDateTime;

/// `2019-09-17T00:00:00.000Z`; `None` after the year 9999.
pub(super) fn rfc3339(at: UnixMillis) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).ok()?;
    let mut text = String::new();
    timestamp::write(at, &mut text).ok()?;
    Some(text)
}
