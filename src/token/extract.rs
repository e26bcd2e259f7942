//! `extract`: which credential a request shows to the sources of a route.

use super::body::BodyKind;
use super::body_tokens::BodyTokens;
use super::shown::Shown;
use super::source::TokenSource;
use super::unusable::Unusable;
use super::{bearer, cookie};
use http::HeaderMap;

/// What the token sources found; borrowed from the request.
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
pub fn extract<'a>(
    sources: &[TokenSource],
    headers: &'a HeaderMap,
    body: &'a BodyTokens,
) -> Extraction<'a> {
    let shown = sources
        .iter()
        .enumerate()
        .map(|(place, source)| {
            let shown = match source {
                TokenSource::Bearer => plain(bearer::find(headers)),
                TokenSource::Cookie(cookie) => plain(cookie::find(headers, cookie)),
                TokenSource::SignedCookie { cookie, signature } => {
                    cookie::find_signed(headers, cookie, signature)
                }
                TokenSource::Form(_) | TokenSource::Json(_) => plain(body.at(place)),
            };
            (place, shown)
        })
        .find_map(|(source, shown)| Some((source, shown?)));
    match shown {
        None => Extraction::Absent,
        Some((source, Ok(shown))) => Extraction::Found { shown, source },
        Some((source, Err(reason))) => Extraction::Unusable { source, reason },
    }
}

/// Whether the body has to be read before the sources can say which credential decides: one of them looks into bodies of
/// this request's kind, and none before it finds anything in the headers.
#[must_use]
pub fn asks_body(sources: &[TokenSource], headers: &HeaderMap) -> Option<BodyKind> {
    let kind = BodyKind::of(headers)?;
    let looks = |source: &TokenSource| source.body_kind() == Some(kind);
    let before = sources.get(..sources.iter().position(looks)?)?;
    let is_absent = extract(before, headers, &BodyTokens::default()) == Extraction::Absent;
    is_absent.then_some(kind)
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
    use crate::token::{BodyKind, BodyTokens, FormField, JsonPath, asks_body};
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
            let none = BodyTokens::default();
            assert!(
                extract(&bearer_first, &headers, &none) == by_bearer,
                "{lines:?}"
            );
            assert!(
                extract(&cookie_first, &headers, &none) == by_cookie,
                "{lines:?}"
            );
        }
        assert!(extract(&[], &headers(&[BEARER]), &BodyTokens::default()) == Extraction::Absent);
    }

    #[test]
    fn a_body_is_asked_for_where_no_source_before_it_decides() {
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        const JSON: (&str, &str) = ("content-type", "application/json");
        const TEXT: (&str, &str) = ("content-type", "text/plain");
        const BEARER: (&str, &str) = ("authorization", "Bearer b");
        const BROKEN: (&str, &str) = ("authorization", "Bearer");
        const SESSION: (&str, &str) = ("cookie", "session=c");
        let form = TokenSource::Form(FormField::new("t").expect("a name"));
        let json = TokenSource::Json(JsonPath::new(["t"]).expect("a path"));
        let sources = [TokenSource::Bearer, form, cookie("session"), json];
        let cases: [(Lines, Option<BodyKind>); 11] = [
            (&[], None),
            (&[TEXT], None),
            (&[FORM], Some(BodyKind::Form)),
            (&[JSON], Some(BodyKind::Json)),
            (&[FORM, BEARER], None),
            (&[FORM, BROKEN], None),
            (&[JSON, BEARER], None),
            (&[FORM, SESSION], Some(BodyKind::Form)),
            (&[JSON, SESSION], None),
            (&[BEARER], None),
            (&[TEXT, SESSION], None),
        ];
        for (lines, expected) in cases {
            assert_eq!(asks_body(&sources, &headers(lines)), expected, "{lines:?}");
        }
        let of_headers = [TokenSource::Bearer, cookie("session")];
        assert_eq!(asks_body(&of_headers, &headers(&[FORM])), None);
    }

    #[test]
    fn a_body_shows_its_token_to_the_source_that_looks_there() {
        let field = |name| TokenSource::Form(FormField::new(name).expect("a name"));
        let json = TokenSource::Json(JsonPath::new(["t"]).expect("a path"));
        let sources = [json, field("a"), TokenSource::Bearer, field("t")];
        let found = |source, token| Extraction::Found {
            shown: Shown::plain(token),
            source,
        };
        let malformed = |source| Extraction::Unusable {
            source,
            reason: Unusable::Malformed,
        };
        const BEARER: (&str, &str) = ("authorization", "Bearer b");
        let cases: [(BodyKind, &str, Lines, Extraction<'_>); 9] = [
            (BodyKind::Form, "", &[], Extraction::Absent),
            (BodyKind::Json, "", &[], Extraction::Absent),
            (BodyKind::Form, "t=x", &[], found(3, "x")),
            (BodyKind::Form, "t=x&a=y", &[], found(1, "y")),
            (BodyKind::Form, "t=x", &[BEARER], found(2, "b")),
            (BodyKind::Form, "t=x&a=", &[BEARER], malformed(1)),
            (BodyKind::Json, r#"{"t":"x"}"#, &[BEARER], found(0, "x")),
            (BodyKind::Json, "t=x", &[BEARER], malformed(0)),
            (BodyKind::Json, "{}", &[BEARER], found(2, "b")),
        ];
        for (kind, body, lines, expected) in cases {
            let body_tokens = BodyTokens::find(&sources, kind, body.as_bytes());
            let headers = headers(lines);
            let shown = extract(&sources, &headers, &body_tokens);
            assert!(shown == expected, "{kind:?} {body} {lines:?}: {shown:?}");
            assert!(
                !format!("{body_tokens:?}").contains("\"x\""),
                "{body_tokens:?}"
            );
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let headers = headers(&[("authorization", "Bearer hunter2")]);
        let shown = format!(
            "{:?}",
            extract(&[TokenSource::Bearer], &headers, &BodyTokens::default())
        );
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
            if let Extraction::Found { shown, .. } = extract(&sources, &headers, &BodyTokens::default()) {
                let token = shown.token;
                prop_assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
