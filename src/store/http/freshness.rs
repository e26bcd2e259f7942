//! How long an answer may be believed before the service is asked again.

use super::settings::CacheControl;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName};
use std::time::Duration;

/// What the answer itself says; `None`: nothing. `Ory-Session-Cache-For` speaks of sessions and wins over
/// `Cache-Control`, which Kratos sets to `no-store` on every answer.
pub(super) fn of(headers: &HeaderMap, control: CacheControl) -> Option<Duration> {
    let ory = headers.get(ORY).map(|value| {
        let span = value.to_str().ok().and_then(span);
        span.unwrap_or_default()
    });
    ory.or_else(|| match control {
        CacheControl::Heed => of_cache_control(headers),
        CacheControl::Ignore => None,
    })
}

/// RFC 9111 §5.2.2. A directive that cannot be read counts as no time at all (§4.2.1).
fn of_cache_control(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter();
    let directives = lines.flat_map(|line| line.to_str().unwrap_or("no-store").split(','));
    let bounds = directives.filter_map(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "no-store" | "no-cache" => Some(Duration::ZERO),
            "max-age" => {
                let seconds = value.trim().trim_matches('"').parse().unwrap_or(0);
                Some(Duration::from_secs(seconds))
            }
            _ => None,
        }
    });
    bounds.min()
}

/// Seconds, or a duration as Go writes it: `1h30m0s`.
fn span(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, tail) = tail.split_at_checked(letters.unwrap_or(tail.len()))?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "us" | "µs" => 0.000_001,
            "ns" => 0.000_000_001,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = tail;
    }
    Some(total)
}

const ORY: HeaderName = HeaderName::from_static("ory-session-cache-for");

#[cfg(test)]
mod tests {
    use super::{of, span};
    use crate::store::http::settings::CacheControl;
    use http::{HeaderMap, HeaderName, HeaderValue};
    use std::time::Duration;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn the_shortest_time_that_is_said_counts() {
        const CONTROL: &str = "cache-control";
        const ORY: &str = "ory-session-cache-for";
        let cases = [
            (vec![], None),
            (vec![(CONTROL, "private")], None),
            (vec![(CONTROL, "max-age=60")], Some(60)),
            (vec![(CONTROL, "private, Max-Age=\"60\"")], Some(60)),
            (vec![(CONTROL, "max-age=60, no-store")], Some(0)),
            (
                vec![(CONTROL, "max-age=60"), (CONTROL, "no-cache")],
                Some(0),
            ),
            (vec![(CONTROL, "max-age=soon")], Some(0)),
            (vec![(CONTROL, "max-age=-1")], Some(0)),
            (vec![(CONTROL, "s-maxage=60")], None),
            (vec![(ORY, "90")], Some(90)),
            (vec![(ORY, "90"), (CONTROL, "no-store")], Some(90)),
            (vec![(ORY, "soon"), (CONTROL, "max-age=9")], Some(0)),
        ];
        for (lines, seconds) in cases {
            let seen = of(&headers(&lines), CacheControl::Heed);
            assert_eq!(seen, seconds.map(Duration::from_secs), "{lines:?}");
        }
        let ignored = headers(&[(CONTROL, "no-store")]);
        assert_eq!(of(&ignored, CacheControl::Ignore), None);
        let ory = headers(&[(ORY, "90"), (CONTROL, "no-store")]);
        let seen = of(&ory, CacheControl::Ignore);
        assert_eq!(seen, Some(Duration::from_secs(90)), "it speaks of sessions");
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, ms) in [
            ("0", Some(0)),
            ("90", Some(90_000)),
            ("1h30m0s", Some(5_400_000)),
            ("1.5s", Some(1_500)),
            ("250ms", Some(250)),
            ("1h", Some(3_600_000)),
            ("", Some(0)),
            ("-5", None),
            ("h", None),
            ("5d", None),
            ("1h5", None),
            ("1..5s", None),
        ] {
            assert_eq!(span(text), ms.map(Duration::from_millis), "{text:?}");
        }
    }
}
