//! `BodyKind`: the media types of which a body is looked into.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// What a body is, by its `Content-Type`. `multipart/form-data` is not looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl BodyKind {
    /// The kind that a line names, whatever its parameters: a token is ASCII in every charset that these have. Of
    /// several lines the first that names one counts, so that another line does not hide a token.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(CONTENT_TYPE).iter();
        lines.find_map(|line| Self::named(line.as_bytes()))
    }

    fn named(line: &[u8]) -> Option<Self> {
        // RFC 9110 §8.3.1: type and subtype are case-insensitive; parameters follow a semicolon.
        let media_type = line.split(|byte| *byte == b';').next()?.trim_ascii();
        let is = |name: &[u8]| media_type.eq_ignore_ascii_case(name);
        match () {
            () if is(b"application/x-www-form-urlencoded") => Some(Self::Form),
            () if is(b"application/json") => Some(Self::Json),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BodyKind::{self, Form, Json};
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn a_kind_is_told_by_the_media_type_alone() {
        let cases: [(&[&str], Option<BodyKind>); 14] = [
            (&[], None),
            (&[""], None),
            (&["application/x-www-form-urlencoded"], Some(Form)),
            (
                &["Application/X-WWW-Form-URLEncoded ; charset=UTF-8"],
                Some(Form),
            ),
            (&["application/json"], Some(Json)),
            (&["application/json;charset=utf-8"], Some(Json)),
            (&["\tAPPLICATION/JSON\t;"], Some(Json)),
            (&["application/jsonp"], None),
            (&["application/problem+json"], None),
            (&["text/json"], None),
            (&["application/json, text/plain"], None),
            (&["multipart/form-data; boundary=application/json"], None),
            (&["text/plain", "application/json"], Some(Json)),
            (
                &["application/json", "application/x-www-form-urlencoded"],
                Some(Json),
            ),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                let line = HeaderValue::from_bytes(line.as_bytes()).expect("legal");
                headers.append("content-type", line);
            }
            assert_eq!(BodyKind::of(&headers), expected, "{lines:?}");
        }
    }
}
