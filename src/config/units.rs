//! Durations, sizes and counts as people write them.

use std::time::Duration;
use thiserror::Error;

/// Why a quantity is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum UnitError {
    #[error("not a duration")]
    Duration,
    #[error("longer than a year")]
    TooLong,
    #[error("not a size")]
    Bytes,
    #[error("not a size")]
    BytesOrNone,
    #[error("not a whole number")]
    Count,
}

impl UnitError {
    /// What would be right.
    pub(super) fn help(self) -> &'static str {
        match self {
            Self::Duration => "a whole number and ms, s, m or h: `250ms`, `30s`, `5m`",
            Self::TooLong => "at most `8760h`",
            Self::Bytes => "a whole number and B, KiB, MiB or GiB: `64KiB`",
            Self::BytesOrNone => {
                "a whole number and B, KiB, MiB or GiB, such as `64KiB`, or `none`"
            }
            Self::Count => "digits, with `_` where it helps: `8`, `1_000_000`",
        }
    }
}

/// `250ms`, `30s`, `5m`, `24h`.
pub(super) fn duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split(text).ok_or(UnitError::Duration)?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(UnitError::Duration),
    };
    let ms = number.checked_mul(unit_ms).ok_or(UnitError::TooLong)?;
    if ms > YEAR_MS {
        return Err(UnitError::TooLong);
    }
    Ok(Duration::from_millis(ms))
}

/// Far enough for any setting, and no clock overflows when it is added.
const YEAR_MS: u64 = 8760 * 3_600_000;

/// `512B`, `64KiB`, `10MiB`, `1GiB`.
pub(super) fn bytes(text: &str) -> Result<u64, UnitError> {
    let (number, unit) = split(text).ok_or(UnitError::Bytes)?;
    let unit_bytes = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(UnitError::Bytes),
    };
    number.checked_mul(unit_bytes).ok_or(UnitError::Bytes)
}

/// `8`, `1_000_000`.
pub(super) fn count(text: &str) -> Result<u64, UnitError> {
    match split(text) {
        Some((number, "")) => Ok(number),
        _ => Err(UnitError::Count),
    }
}

/// The shortest exact way to write a duration.
pub(super) fn show_duration(span: Duration) -> String {
    let ms = span.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let fits = units
        .iter()
        .find(|(unit, _)| ms > 0 && ms.is_multiple_of(*unit));
    match fits {
        Some((unit, name)) => format!("{}{name}", ms / unit),
        None if ms == 0 => "0s".to_owned(),
        None => format!("{ms}ms"),
    }
}

/// The shortest exact way to write a size.
pub(super) fn show_bytes(size: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = units
        .iter()
        .find(|(unit, _)| size > 0 && size.is_multiple_of(*unit));
    fits.map_or_else(
        || format!("{size}B"),
        |(unit, name)| format!("{}{name}", size / unit),
    )
}

/// Digits, with `_` between them where it helps, and what follows.
fn split(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    if digits.starts_with('_') || digits.ends_with('_') {
        return None;
    }
    Some((digits.replace('_', "").parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, duration, show_bytes, show_duration};
    use std::time::Duration;

    #[test]
    fn durations_carry_a_unit() {
        let cases = [
            ("250ms", Some(250)),
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("24h", Some(86_400_000)),
            ("0s", Some(0)),
            ("30", None),
            ("s", None),
            ("1.5s", None),
            ("-1s", None),
            ("30 s", None),
            ("30S", None),
            ("8760h", Some(8760 * 3_600_000)),
            ("8761h", None),
            ("99999999999999999h", None),
        ];
        for (text, ms) in cases {
            assert_eq!(duration(text).ok(), ms.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn sizes_carry_a_unit_and_counts_carry_none() {
        let sizes = [
            ("512B", Some(512)),
            ("64KiB", Some(65_536)),
            ("1GiB", Some(1 << 30)),
            ("64KB", None),
            ("64", None),
            ("99999999999GiB", None),
        ];
        for (text, size) in sizes {
            assert_eq!(bytes(text).ok(), size, "{text}");
        }
        for (text, number) in [
            ("1_000", Some(1_000)),
            ("8", Some(8)),
            ("_8", None),
            ("8s", None),
        ] {
            assert_eq!(count(text).ok(), number, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["250ms", "90s", "5m", "24h", "0s", "1001ms"] {
            let span = duration(text).expect(text);
            assert_eq!(show_duration(span), text);
        }
        for text in ["0B", "512B", "64KiB", "3MiB", "1GiB"] {
            let size = bytes(text).expect(text);
            assert_eq!(show_bytes(size), text);
        }
    }
}
