//! `Wishes`: what a query asks of the echo: `?status=503`, `?delay=200ms`, `?size=64KiB`. Other parameters pass.

use http::StatusCode;
use std::time::Duration;

/// What the query asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wishes {
    pub(super) status: Option<StatusCode>,
    pub(super) delay: Duration,
    pub(super) size_bytes: Option<u64>,
}

impl Wishes {
    pub(super) fn parse(query: &str) -> Result<Self, &'static str> {
        let mut wishes = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "status" => wishes.status = Some(status(value).ok_or(STATUS_FAULT)?),
                "delay" => wishes.delay = delay(value).ok_or(DELAY_FAULT)?,
                "size" => wishes.size_bytes = Some(size(value).ok_or(SIZE_FAULT)?),
                _ => {}
            }
        }
        Ok(wishes)
    }
}

/// An interim status would leave the client waiting for the final one.
fn status(text: &str) -> Option<StatusCode> {
    let code = text.parse().ok().filter(|code| (200..600).contains(code))?;
    StatusCode::from_u16(code).ok()
}

fn delay(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let delay = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        _ => return None,
    };
    (delay <= MAX_DELAY).then_some(delay)
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let scale = match unit {
        "" | "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        _ => return None,
    };
    number
        .checked_mul(scale)
        .filter(|bytes| *bytes <= MAX_SIZE_BYTES)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit))
}

const MAX_DELAY: Duration = Duration::from_secs(30);
const MAX_SIZE_BYTES: u64 = 64 * 1024 * 1024;
const STATUS_FAULT: &str = "status is a number from 200 to 599";
const DELAY_FAULT: &str = "delay is at most 30s, such as 200ms or 2s";
const SIZE_FAULT: &str = "size is at most 64MiB, such as 500, 64KiB or 1MiB";

#[cfg(test)]
mod tests {
    use super::Wishes;
    use http::StatusCode;
    use std::time::Duration;

    #[test]
    fn a_query_asks_for_status_delay_and_size() {
        let cases = [
            (
                "status=503",
                Wishes {
                    status: Some(StatusCode::SERVICE_UNAVAILABLE),
                    ..Wishes::default()
                },
            ),
            (
                "a=b&delay=200ms",
                Wishes {
                    delay: Duration::from_millis(200),
                    ..Wishes::default()
                },
            ),
            (
                "delay=30s&size=64KiB",
                Wishes {
                    delay: Duration::from_secs(30),
                    size_bytes: Some(65536),
                    status: None,
                },
            ),
            (
                "size=0",
                Wishes {
                    size_bytes: Some(0),
                    ..Wishes::default()
                },
            ),
            ("", Wishes::default()),
        ];
        for (query, wishes) in cases {
            assert_eq!(Wishes::parse(query), Ok(wishes), "{query}");
        }
        for query in [
            "status=199",
            "status=",
            "delay=31s",
            "delay=5",
            "size=65MiB",
            "size=99999999999999999999",
        ] {
            assert!(Wishes::parse(query).is_err(), "{query}");
        }
    }
}
