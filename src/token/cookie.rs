//! Cookies as browsers really send them: found, and taken out of what is forwarded (RFC 6265 §5.4).

use super::shown::Shown;
use super::source::{CookieName, CookieSource, Duplicates};
use super::unusable::Unusable;
use bytes::Bytes;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The longest cookie value that can be a token, in bytes: what browsers keep at most.
const MAX_TOKEN_BYTES: usize = 4096;

/// What is left of `Cookie` to forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// The header as the client sent it.
    Unchanged,
    /// One line to send instead of all that the client sent.
    Line(HeaderValue),
    /// No `Cookie` at all.
    Nothing,
}

/// Every `name=value` of every `Cookie` line, in order; HTTP/2 may send each in a line of its own (RFC 9113 §8.2.3).
///
/// Only `;` separates, so an odd octet, quote or comma in one cookie hides no other. Blanks around name and value and
/// one pair of quotes around the value do not count. What has no `=` is no pair.
pub fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|line| segments(line.as_bytes()))
        .filter_map(pair)
}

/// The token in the named cookie; `None` where no pair has the name.
pub(super) fn find<'a>(
    headers: &'a HeaderMap,
    cookie: &CookieSource,
) -> Option<Result<&'a str, Unusable>> {
    let mut values = pairs(headers)
        .filter(|(name, _)| *name == cookie.name.as_str().as_bytes())
        .map(|(_, value)| value);
    let first = values.next()?;
    if cookie.duplicates == Duplicates::Reject && values.any(|other| other != first) {
        return Some(Err(Unusable::Ambiguous));
    }
    Some(token(first).ok_or(Unusable::Malformed))
}

/// The same with what stands in the cookie that signs it. A signature without what it signs is nothing.
pub(super) fn find_signed<'a>(
    headers: &'a HeaderMap,
    cookie: &CookieSource,
    signature: &CookieSource,
) -> Option<Result<Shown<'a>, Unusable>> {
    let token = match find(headers, cookie)? {
        Ok(token) => token,
        Err(fault) => return Some(Err(fault)),
    };
    Some(match find(headers, signature) {
        None => Ok(Shown::plain(token)),
        Some(signature) => signature.map(|signature| Shown {
            token,
            signature: Some(signature),
        }),
    })
}

/// Takes every pair of those names out of `Cookie` and joins what is left into one line, as an HTTP/1.1 upstream must
/// get it (RFC 9113 §8.2.3). All other bytes stay as they are. Without names it only joins.
#[must_use]
pub fn strip(headers: &HeaderMap, names: &[CookieName]) -> Remaining {
    let is_named = |segment: &[u8]| {
        pair(segment)
            .is_some_and(|(shown, _)| names.iter().any(|name| name.as_str().as_bytes() == shown))
    };
    let lines = headers.get_all(COOKIE);
    let has_named = lines
        .iter()
        .any(|line| segments(line.as_bytes()).any(is_named));
    if !has_named && lines.iter().count() < 2 {
        return Remaining::Unchanged;
    }
    let mut joined = Vec::with_capacity(lines.iter().map(|line| line.len() + 2).sum());
    for line in lines {
        let mut kept = segments(line.as_bytes())
            .filter(|segment| !is_named(segment))
            .skip_while(|segment| trim(segment).is_empty());
        if let Some(first) = kept.next() {
            if !joined.is_empty() {
                joined.extend_from_slice(b"; ");
            }
            joined.extend_from_slice(first.trim_ascii_start());
        }
        for segment in kept {
            joined.push(b';');
            joined.extend_from_slice(segment);
        }
    }
    if joined.is_empty() {
        return Remaining::Nothing;
    }
    // Every byte was in a header value before, so this cannot fail; if it did, sending none is the safe side.
    HeaderValue::from_maybe_shared(Bytes::from(joined)).map_or(Remaining::Nothing, Remaining::Line)
}

fn segments(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';')
}

fn pair(segment: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = segment.iter().position(|byte| *byte == b'=')?;
    let (name, value) = segment.split_at_checked(equals)?;
    let value = trim(value.strip_prefix(b"=")?);
    let unquoted = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    Some((trim(name), unquoted.unwrap_or(value)))
}

/// Blanks are SP and HTAB alone; other white space is part of a name or value.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// RFC 6265 §4.1.1 `cookie-octet`: what the value of a cookie is made of.
#[must_use]
pub fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

fn token(value: &[u8]) -> Option<&str> {
    let legal = |byte: &u8| is_cookie_octet(*byte);
    let is_token = (1..=MAX_TOKEN_BYTES).contains(&value.len()) && value.iter().all(legal);
    is_token.then(|| str::from_utf8(value).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Remaining, find, pairs, strip};
    use crate::token::Unusable::{self, Ambiguous, Malformed};
    use crate::token::{CookieName, CookieSource, Duplicates};
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    type Lines<'a> = &'a [&'a [u8]];
    type Found<'a> = Option<Result<&'a str, Unusable>>;

    fn headers<L: AsRef<[u8]>>(lines: &[L]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_ref()).expect("legal in a header");
            headers.append("cookie", value);
        }
        headers
    }

    fn session() -> CookieName {
        CookieName::new("session").expect("a token")
    }

    #[test]
    fn the_session_cookie_is_found_among_odd_ones() {
        let longest = format!("session={}", "x".repeat(4096));
        let too_long = format!("{longest}x");
        let cases: [(Lines<'_>, Found<'_>); 32] = [
            (&[], None),
            (&[b""], None),
            (&[b"session"], None),
            (&[b"Session=a"], None),
            (&[b"xsession=a"], None),
            (&[b"a=session=b"], None),
            (&[b"a=b, session=c"], None),
            (&[b"__Host-session=a"], None),
            (&[b"session=abc"], Some(Ok("abc"))),
            (&[b"a=b; session=abc; c=d"], Some(Ok("abc"))),
            (&[b"a=b;session=abc"], Some(Ok("abc"))),
            (&[b";; ;session=abc;"], Some(Ok("abc"))),
            (&[b"a=b", b"session=abc", b"c=d"], Some(Ok("abc"))),
            (&[b"\tsession =\t abc "], Some(Ok("abc"))),
            (&[b"session=\"abc\""], Some(Ok("abc"))),
            (&[b"session=a=b=="], Some(Ok("a=b=="))),
            (&[b"session=s%3Aabc.x/y+z"], Some(Ok("s%3Aabc.x/y+z"))),
            (&[b"odd; a=\"b; session=abc"], Some(Ok("abc"))),
            (&[b"a=\xff\xfe b c\\; session=abc"], Some(Ok("abc"))),
            (&[b"=x; session=abc"], Some(Ok("abc"))),
            (&[b"$Version=1; session=abc; $Path=/"], Some(Ok("abc"))),
            (&[b"session=abc; session=\"abc\""], Some(Ok("abc"))),
            (&[b"session=abc; session=abd"], Some(Err(Ambiguous))),
            (&[b"session=abc", b"session=abd"], Some(Err(Ambiguous))),
            (&[b"session=abc; session="], Some(Err(Ambiguous))),
            (&[b"session="], Some(Err(Malformed))),
            (&[b"session=\"\""], Some(Err(Malformed))),
            (&[b"session=\"abc"], Some(Err(Malformed))),
            (&[b"session=a b"], Some(Err(Malformed))),
            (&[b"session=a,b"], Some(Err(Malformed))),
            (&[b"session=a\xc3\xa9"], Some(Err(Malformed))),
            (&[too_long.as_bytes()], Some(Err(Malformed))),
        ];
        let source = CookieSource {
            name: session(),
            duplicates: Duplicates::Reject,
        };
        for (lines, expected) in cases {
            assert_eq!(find(&headers(lines), &source), expected, "{lines:?}");
        }
        let found = find(&headers(&[longest]), &source).map(|token| token.map(str::len));
        assert_eq!(found, Some(Ok(4096)));
    }

    #[test]
    fn duplicates_first_takes_the_first() {
        let source = CookieSource {
            name: session(),
            duplicates: Duplicates::First,
        };
        let lines = headers(&["session=a; session=b"]);
        assert_eq!(find(&lines, &source), Some(Ok("a")));
    }

    #[test]
    fn stripping_takes_one_name_and_no_other_byte() {
        let cases: [(Lines<'_>, Option<&[u8]>); 13] = [
            (&[b"session=x"], None),
            (&[b"session=x; session=y;"], None),
            (&[b"session=x", b" session = y "], None),
            (&[b"a=1; session=x; b=2"], Some(b"a=1; b=2")),
            (&[b"session=x; a=1"], Some(b"a=1")),
            (&[b"a=1;session=x"], Some(b"a=1")),
            (
                &[b"a=1;  b = \"2\" ;session=x;c"],
                Some(b"a=1;  b = \"2\" ;c"),
            ),
            (&[b"a=1", b"session=x", b"b=2"], Some(b"a=1; b=2")),
            (&[b"a=1;", b"b=2"], Some(b"a=1;; b=2")),
            (&[b"", b"b=2"], Some(b"b=2")),
            (&[b"Session=y; session=x"], Some(b"Session=y")),
            (
                &[b"a=\xff, session=k; session=x"],
                Some(b"a=\xff, session=k"),
            ),
            (&[b"session=\"x; a=1\""], Some(b"a=1\"")),
        ];
        for (lines, expected) in cases {
            let expected = expected.map_or(Remaining::Nothing, |line| {
                Remaining::Line(HeaderValue::from_bytes(line).expect("legal"))
            });
            let left = strip(&headers(lines), &[session()]);
            assert_eq!(left, expected, "{lines:?}");
        }
        for line in ["a=1; b=2", "", "xsession=1", "session", "a=1;;"] {
            let left = strip(&headers(&[line]), &[session()]);
            assert_eq!(left, Remaining::Unchanged, "{line}");
        }
        let left = strip(&headers(&["session=x", "a=1"]), &[]);
        let joined = HeaderValue::from_static("session=x; a=1");
        assert_eq!(left, Remaining::Line(joined));
    }

    proptest! {
        #[test]
        fn stripping_twice_is_stripping_once_and_leaves_none(
            lines in prop::collection::vec("((session|a)? ?=?[ -~é\"]?;? ?){0,5}", 0..4),
        ) {
            let name = session();
            let before = headers(&lines);
            let after = match strip(&before, std::slice::from_ref(&name)) {
                Remaining::Unchanged => before.clone(),
                Remaining::Line(line) => headers(&[line.as_bytes()]),
                Remaining::Nothing => HeaderMap::new(),
            };
            prop_assert!(pairs(&after).all(|(shown, _)| shown != b"session"));
            prop_assert_eq!(strip(&after, std::slice::from_ref(&name)), Remaining::Unchanged);
            let others: Vec<_> = pairs(&before).filter(|(shown, _)| *shown != b"session").collect();
            prop_assert_eq!(pairs(&after).collect::<Vec<_>>(), others);
        }
    }
}
