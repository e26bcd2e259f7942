//! `extract`: which credential a request shows to one session source.

use super::shown::Shown;
use super::source::TokenSource;
use super::unusable::Unusable;
use super::{bearer, cookie};
use http::HeaderMap;

/// What the token sources found; borrowed from the headers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extraction<'a> {
    /// Nothing of any source's kind was shown.
    Absent,
    /// A token, in the shape its kind may have.
    Found {
        /// As it stands there.
        shown: Shown<'a>,
        /// Index into the list that was asked.
        source: usize,
    },
    /// Something was shown that can name no session.
    Unusable {
        /// Index into the list that was asked.
        source: usize,
        /// Why.
        reason: Unusable,
    },
}

/// Asks the sources in order. The first that finds anything of its kind decides, usable or not: one request, one
/// identity (design section 1, step 3). Allocates nothing.
#[must_use]
pub fn extract<'a>(sources: &[TokenSource], headers: &'a HeaderMap) -> Extraction<'a> {
    let shown = sources
        .iter()
        .map(|source| match source {
            TokenSource::Bearer => plain(bearer::find(headers)),
            TokenSource::Cookie(cookie) => plain(cookie::find(headers, cookie)),
            TokenSource::SignedCookie { cookie, signature } => {
                cookie::find_signed(headers, cookie, signature)
            }
        })
        .enumerate()
        .find_map(|(source, shown)| Some((source, shown?)));
    match shown {
        None => Extraction::Absent,
        Some((source, Ok(shown))) => Extraction::Found { shown, source },
        Some((source, Err(reason))) => Extraction::Unusable { source, reason },
    }
}

fn plain(found: Option<Result<&str, Unusable>>) -> Option<Result<Shown<'_>, Unusable>> {
    found.map(|found| found.map(Shown::plain))
}

/// Never shows the token (design rule R13).
impl std::fmt::Debug for Extraction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Found { source, .. } => write!(f, "Found(***, source {source})"),
            Self::Unusable { source, reason } => write!(f, "{reason:?}(source {source})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Extraction, extract};
    use crate::token::{CookieName, CookieSource, Duplicates, Shown, TokenSource, Unusable};
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    type Lines = &'static [(&'static str, &'static str)];

    fn cookie(name: &str) -> TokenSource {
        TokenSource::Cookie(CookieSource {
            name: CookieName::new(name).expect("a token"),
            duplicates: Duplicates::Reject,
        })
    }

    fn headers(lines: Lines) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_first_source_that_is_shown_anything_decides() {
        let found = |source, token| Extraction::Found {
            shown: Shown::plain(token),
            source,
        };
        let malformed = |source| Extraction::Unusable {
            source,
            reason: Unusable::Malformed,
        };
        const BEARER: (&str, &str) = ("authorization", "Bearer b");
        const BROKEN: (&str, &str) = ("authorization", "Bearer");
        const BASIC: (&str, &str) = ("authorization", "Basic YTpi");
        const SESSION: (&str, &str) = ("cookie", "session=c");
        const EMPTY: (&str, &str) = ("cookie", "session=");
        let cases: [(Lines, Extraction<'_>, Extraction<'_>); 8] = [
            (&[], Extraction::Absent, Extraction::Absent),
            (&[BASIC], Extraction::Absent, Extraction::Absent),
            (&[BEARER], found(0, "b"), found(1, "b")),
            (&[SESSION], found(1, "c"), found(0, "c")),
            (&[BEARER, SESSION], found(0, "b"), found(0, "c")),
            (&[BROKEN, SESSION], malformed(0), found(0, "c")),
            (&[BEARER, EMPTY], found(0, "b"), malformed(0)),
            (&[BASIC, SESSION], found(1, "c"), found(0, "c")),
        ];
        let bearer_first = [TokenSource::Bearer, cookie("session")];
        let cookie_first = [cookie("session"), TokenSource::Bearer];
        for (lines, by_bearer, by_cookie) in cases {
            let headers = headers(lines);
            assert!(extract(&bearer_first, &headers) == by_bearer, "{lines:?}");
            assert!(extract(&cookie_first, &headers) == by_cookie, "{lines:?}");
        }
        assert!(extract(&[], &headers(&[BEARER])) == Extraction::Absent);
    }

    #[test]
    fn debug_shows_no_token() {
        let headers = headers(&[("authorization", "Bearer hunter2")]);
        let shown = format!("{:?}", extract(&[TokenSource::Bearer], &headers));
        assert_eq!(shown, "Found(***, source 0)");
    }

    proptest! {
        #[test]
        fn no_header_bytes_panic_and_a_found_token_is_visible_ascii(
            lines in prop::collection::vec(
                (any::<bool>(), "(session=|Bearer |;|\")?", prop::collection::vec(any::<u8>(), 0..24)),
                0..4,
            ),
        ) {
            let mut headers = HeaderMap::new();
            for (is_cookie, head, tail) in lines {
                let name = if is_cookie { "cookie" } else { "authorization" };
                if let Ok(value) = HeaderValue::from_bytes(&[head.as_bytes(), &tail].concat()) {
                    headers.append(name, value);
                }
            }
            let sources = [TokenSource::Bearer, cookie("session")];
            if let Extraction::Found { shown, .. } = extract(&sources, &headers) {
                let token = shown.token;
                prop_assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
