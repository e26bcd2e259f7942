//! `Answer`: what the echo says about a request, for people as text and for programs as JSON.

use super::request::Request;
use super::wishes::Wishes;
use crate::headers::BUILT_IN_PREFIXES;
use http::StatusCode;
use serde::Serialize;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// A response; `Content-Length` follows from the body.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Body,
    /// How long to wait before it is sent.
    pub(super) delay: Duration,
}

#[derive(Debug, PartialEq)]
pub(super) enum Body {
    Text(String),
    /// So many `x` bytes.
    Filler(u64),
}

#[derive(Serialize)]
struct Shown<'r> {
    method: &'r str,
    target: &'r str,
    minor_version: u8,
    headers: &'r [(String, String)],
    body_bytes: u64,
}

impl Answer {
    /// The echo of a request, or 400 for a query that asks for more than there is.
    pub(super) fn to(request: &Request) -> Self {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        if path == "/bench" {
            return Self::text(StatusCode::OK, "1".to_owned());
        }
        let wishes = match Wishes::parse(query) {
            Ok(wishes) => wishes,
            Err(fault) => return Self::text(StatusCode::BAD_REQUEST, format!("{fault}\n")),
        };
        let status = wishes.status.unwrap_or(StatusCode::OK);
        let mut answer = match wishes.size_bytes {
            Some(bytes) => Self::filler(status, bytes),
            None if path == "/json" || request.has_token("accept", "application/json") => {
                Self::json(status, request)
            }
            None => Self::text(status, for_people(request)),
        };
        answer.delay = wishes.delay;
        answer
    }

    pub(super) fn text(status: StatusCode, text: String) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: Body::Text(text),
            delay: Duration::ZERO,
        }
    }

    fn json(status: StatusCode, request: &Request) -> Self {
        let shown = Shown {
            method: &request.method,
            target: &request.target,
            minor_version: request.minor_version,
            headers: &request.headers,
            body_bytes: request.body_bytes,
        };
        let text = serde_json::to_string(&shown).expect("strings and numbers always serialize");
        Self {
            content_type: "application/json",
            ..Self::text(status, text)
        }
    }

    fn filler(status: StatusCode, bytes: u64) -> Self {
        Self {
            status,
            content_type: "application/octet-stream",
            body: Body::Filler(bytes),
            delay: Duration::ZERO,
        }
    }

    /// Writes head and body; the body stays out where HTTP has none (RFC 9110 §6.4.1).
    pub(super) async fn write<S>(&self, stream: &mut S, method: &str, close: bool) -> io::Result<()>
    where
        S: AsyncWrite + Unpin,
    {
        let mut head = self.head(close);
        let bodiless = matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        match &self.body {
            _ if bodiless || method == "HEAD" => stream.write_all(head.as_bytes()).await,
            Body::Text(text) => {
                head.push_str(text);
                stream.write_all(head.as_bytes()).await
            }
            Body::Filler(bytes) => {
                stream.write_all(head.as_bytes()).await?;
                fill(stream, *bytes).await
            }
        }
    }

    fn head(&self, close: bool) -> String {
        let status = self.status.as_u16();
        let reason = self.status.canonical_reason().unwrap_or("");
        let mut head = format!("HTTP/1.1 {status} {reason}\r\n");
        if self.status != StatusCode::NO_CONTENT {
            let length = match &self.body {
                Body::Text(text) => text.len() as u64,
                Body::Filler(bytes) => *bytes,
            };
            let content_type = self.content_type;
            let _ = write!(
                head,
                "Content-Type: {content_type}\r\nContent-Length: {length}\r\n"
            );
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110 §15.5.22: it says to what.
            head.push_str("Upgrade: websocket\r\n");
        }
        head.push_str(if close {
            "Connection: close\r\n\r\n"
        } else {
            "\r\n"
        });
        head
    }
}

/// Identity headers first, then the rest, each group in its order of arrival.
fn for_people(request: &Request) -> String {
    let (identity, rest): (Vec<_>, Vec<_>) = request
        .headers
        .iter()
        .partition(|(name, _)| names_identity(name));
    let Request {
        method,
        target,
        minor_version,
        body_bytes,
        ..
    } = request;
    let mut text = format!("{method} {target} HTTP/1.{minor_version}\n\n");
    if identity.is_empty() {
        text.push_str("(no identity headers)\n");
    }
    push_headers(&mut text, &identity);
    text.push('\n');
    push_headers(&mut text, &rest);
    if *body_bytes > 0 {
        let _ = write!(text, "\n(body of {body_bytes} bytes)\n");
    }
    text
}

fn push_headers(text: &mut String, headers: &[&(String, String)]) {
    for (name, value) in headers {
        let _ = writeln!(text, "{name}: {value}");
    }
}

fn names_identity(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let built_in = BUILT_IN_PREFIXES.iter().copied();
    built_in
        .chain(["x-sessiongate-"])
        .any(|prefix| name.starts_with(prefix))
}

async fn fill<S: AsyncWrite + Unpin>(stream: &mut S, bytes: u64) -> io::Result<()> {
    let block = [b'x'; 16 * 1024];
    let mut left = bytes;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        let (part, _) = block.split_at(count);
        stream.write_all(part).await?;
        left -= count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Answer, Body, Request};
    use http::StatusCode;

    fn request(target: &str, headers: &[(&str, &str)]) -> Request {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Request {
            method: "GET".into(),
            target: target.into(),
            minor_version: 1,
            headers: headers.iter().map(owned).collect(),
            body_bytes: 0,
        }
    }

    #[test]
    fn people_see_identity_headers_first() {
        let answer = Answer::to(&request(
            "/me",
            &[
                ("Host", "x"),
                ("X-Hasura-Role", "user"),
                ("Accept", "*/*"),
                ("x-skygear-user-id", "7"),
            ],
        ));
        let expected = "GET /me HTTP/1.1\n\nX-Hasura-Role: user\nx-skygear-user-id: 7\n\nHost: x\nAccept: */*\n";
        assert_eq!(answer.body, Body::Text(expected.into()));
    }

    #[test]
    fn programs_get_json_in_order_of_arrival() {
        let cases = [
            ("/json?x", "text/html"),
            ("/", "text/html, application/json"),
        ];
        for (target, accept) in cases {
            let answer = Answer::to(&request(
                target,
                &[("B", "1"), ("Accept", accept), ("a", "2")],
            ));
            let Body::Text(text) = answer.body else {
                panic!("{target}: not text")
            };
            let expected = format!(
                r#"{{"method":"GET","target":"{target}","minor_version":1,"headers":[["B","1"],["Accept","{accept}"],["a","2"]],"body_bytes":0}}"#
            );
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_wish_that_cannot_be_met_is_400() {
        let answer = Answer::to(&request("/?status=99", &[]));
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}
