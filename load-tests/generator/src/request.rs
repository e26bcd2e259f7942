//! `Template`: a request head, prepared but for its token.

use crate::mix::{Ask, Kind};
use serde::Serialize;
use std::str::FromStr;
use thiserror::Error;

/// Where a token goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `Cookie: NAME=TOKEN`.
    Cookie(String),
}

/// Not a place.
#[derive(Debug, Error)]
#[error("bearer, or cookie:NAME")]
pub(crate) struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            Some(("cookie", name)) if !name.is_empty() => Ok(Self::Cookie(name.to_owned())),
            _ => Err(NotAPlace),
        }
    }
}

/// A head in pieces.
pub(crate) struct Template {
    start: Vec<u8>,
    before_token: Vec<u8>,
}

/// Text that would break a head apart.
#[derive(Debug, Error)]
#[error("not for a request head: {0:?}")]
pub(crate) struct NotForAHead(String);

/// Identity that only the gateway may state. None of it may reach the upstream.
const FORGED: &[u8] =
    b"X-Skygear-User-Id: forged\r\nX-Skygear-Roles: admin\r\nx-skygear-foo: forged\r\n";

impl Template {
    /// A GET for this path of this host.
    pub(crate) fn new(
        host: &str,
        path: &str,
        lines: &[String],
        place: &Place,
    ) -> Result<Self, NotForAHead> {
        let before_token = match place {
            Place::Bearer => "Authorization: Bearer ".to_owned(),
            Place::Cookie(name) => format!("Cookie: {name}="),
        };
        let mut start = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n");
        for line in lines {
            start.push_str(line);
            start.push_str("\r\n");
        }
        let texts = [host, path, &before_token];
        let texts = texts.into_iter().chain(lines.iter().map(String::as_str));
        for text in texts {
            let breaks = text.chars().any(char::is_control) || text.is_empty();
            if breaks || (text == path && (text.contains(' ') || !text.starts_with('/'))) {
                return Err(NotForAHead(text.to_owned()));
            }
        }
        Ok(Self {
            start: start.into_bytes(),
            before_token: before_token.into_bytes(),
        })
    }

    /// Replaces what is in `head`.
    pub(crate) fn render(&self, ask: &Ask<'_>, head: &mut Vec<u8>) {
        head.clear();
        head.extend_from_slice(&self.start);
        if let Some(token) = &ask.token {
            head.extend_from_slice(&self.before_token);
            head.extend_from_slice(token.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        if ask.kind == Kind::Forged {
            head.extend_from_slice(FORGED);
        }
        head.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Template};
    use crate::mix::{Ask, Kind};

    #[test]
    fn a_head_holds_its_token_where_it_belongs() {
        let rendered = |place: &str, kind, token: Option<&'static str>| {
            let place: Place = place.parse().expect("a place");
            let lines = ["Accept: */*".to_owned()];
            let template = Template::new("app.test", "/bench?x=1", &lines, &place);
            let mut head = b"left over".to_vec();
            let ask = Ask {
                kind,
                token: token.map(Into::into),
                user: "",
            };
            template.expect("sound").render(&ask, &mut head);
            String::from_utf8(head).expect("text")
        };
        let start = "GET /bench?x=1 HTTP/1.1\r\nHost: app.test\r\nAccept: */*\r\n";
        let cases = [
            ("bearer", Kind::Anonymous, None, "\r\n"),
            (
                "bearer",
                Kind::Known,
                Some("t"),
                "Authorization: Bearer t\r\n\r\n",
            ),
            (
                "cookie:sid",
                Kind::Unknown,
                Some("t"),
                "Cookie: sid=t\r\n\r\n",
            ),
            (
                "cookie:sid",
                Kind::Forged,
                Some("t"),
                "Cookie: sid=t\r\nX-Skygear-User-Id: forged\r\nX-Skygear-Roles: admin\r\nx-skygear-foo: forged\r\n\r\n",
            ),
        ];
        for (place, kind, token, rest) in cases {
            assert_eq!(
                rendered(place, kind, token),
                format!("{start}{rest}"),
                "{place} {kind:?}"
            );
        }
    }

    #[test]
    fn what_would_break_a_head_is_refused() {
        for place in ["", "header", "cookie", "cookie:", "bearer:x"] {
            assert!(place.parse::<Place>().is_err(), "{place:?}");
        }
        for (host, path, line) in [
            ("", "/", "A: b"),
            ("a\r\nb", "/", "A: b"),
            ("a", "/ b", "A: b"),
            ("a", "b", "A: b"),
            ("a", "/", "A: b\n"),
        ] {
            let template = Template::new(host, path, &[line.to_owned()], &Place::Bearer);
            assert!(template.is_err(), "{host:?} {path:?} {line:?}");
        }
    }
}
