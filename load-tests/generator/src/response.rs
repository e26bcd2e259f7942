//! `Answer`: one response, read from the bytes that have come so far.

use httparse::{EMPTY_HEADER, Header, Status, parse_chunk_size};
use thiserror::Error;

/// A complete response at the beginning of the bytes it was read from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// Of head and body, in bytes.
    pub(crate) len: usize,
    /// What the echo header says.
    pub(crate) user: Option<&'a [u8]>,
    /// The server will close the connection.
    pub(crate) closes: bool,
}

/// Not a response that this reader knows.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum Unreadable {
    #[error("not HTTP/1: {0}")]
    Head(httparse::Error),
    #[error("an interim answer that nobody asked for")]
    Interim,
    #[error("neither Content-Length nor chunked")]
    NoLength,
    #[error("a Content-Length that is no number")]
    BadLength,
    #[error("a chunk without a size or without an end")]
    BadChunk,
}

/// Lines in a head; more are an error.
const MAX_HEADERS: usize = 64;

/// `None` as long as more must come.
pub(crate) fn parse<'a>(
    bytes: &'a [u8],
    echo_header: Option<&str>,
) -> Result<Option<Answer<'a>>, Unreadable> {
    let mut lines = [EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut lines);
    let head_len = match head.parse(bytes).map_err(Unreadable::Head)? {
        Status::Complete(len) => len,
        Status::Partial => return Ok(None),
    };
    let status = head.code.unwrap_or_default();
    if status < 200 {
        return Err(Unreadable::Interim);
    }
    let body = bytes.get(head_len..).unwrap_or_default();
    let Some(body_len) = body_len(status, head.headers, body)? else {
        return Ok(None);
    };
    let says_close = value(head.headers, "connection")
        .is_some_and(|option| option.eq_ignore_ascii_case(b"close"));
    Ok(Some(Answer {
        status,
        len: head_len + body_len,
        user: echo_header.and_then(|name| value(head.headers, name)),
        closes: says_close || head.version == Some(0),
    }))
}

fn value<'a>(lines: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    let line = lines
        .iter()
        .find(|line| line.name.eq_ignore_ascii_case(name));
    line.map(|line| line.value)
}

/// The length of a body that has come in full.
fn body_len(status: u16, lines: &[Header<'_>], body: &[u8]) -> Result<Option<usize>, Unreadable> {
    if matches!(status, 204 | 304) {
        return Ok(Some(0));
    }
    if let Some(coding) = value(lines, "transfer-encoding") {
        return if coding.eq_ignore_ascii_case(b"chunked") {
            chunked_len(body)
        } else {
            Err(Unreadable::NoLength)
        };
    }
    let length = value(lines, "content-length").ok_or(Unreadable::NoLength)?;
    let length = std::str::from_utf8(length)
        .ok()
        .and_then(|text| text.parse().ok());
    let length: usize = length.ok_or(Unreadable::BadLength)?;
    Ok((body.len() >= length).then_some(length))
}

/// RFC 9112 §7.1; trailers are passed over.
fn chunked_len(body: &[u8]) -> Result<Option<usize>, Unreadable> {
    let mut at = 0;
    loop {
        let rest = body.get(at..).unwrap_or_default();
        let Status::Complete((start, size)) =
            parse_chunk_size(rest).map_err(|_| Unreadable::BadChunk)?
        else {
            return Ok(None);
        };
        at += start;
        if size == 0 {
            return trailer_len(body.get(at..).unwrap_or_default(), at);
        }
        let size = usize::try_from(size).map_err(|_| Unreadable::BadChunk)?;
        at = at.checked_add(size).ok_or(Unreadable::BadChunk)?;
        match body.get(at..at + 2) {
            Some(b"\r\n") => at += 2,
            Some(_) => return Err(Unreadable::BadChunk),
            None => return Ok(None),
        }
    }
}

fn trailer_len(rest: &[u8], before: usize) -> Result<Option<usize>, Unreadable> {
    let mut lines = [EMPTY_HEADER; MAX_HEADERS];
    match httparse::parse_headers(rest, &mut lines).map_err(Unreadable::Head)? {
        Status::Complete((len, _)) => Ok(Some(before + len)),
        Status::Partial => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Unreadable, parse};

    const COUNTED: &str =
        "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\nx-echo-USER: alice\r\n\r\nok\n";
    const CHUNKED: &str = "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n\
        4;ext=1\r\nabcd\r\nA\r\n0123456789\r\n0\r\nDigest: y\r\n\r\n";

    #[test]
    fn an_answer_in_any_two_pieces_is_complete_with_its_last_byte() {
        for text in [COUNTED, CHUNKED] {
            for cut in 0..text.len() {
                let piece = text.as_bytes().get(..cut).expect("shorter");
                assert_eq!(parse(piece, None), Ok(None), "{text:?} cut at {cut}");
            }
            let whole = format!("{text}HTTP/1.1 200");
            let answer = parse(whole.as_bytes(), None)
                .expect("sound")
                .expect("complete");
            assert_eq!(answer.len, text.len(), "the next one is left alone");
        }
    }

    #[test]
    fn status_user_and_close_are_read() {
        let read = |text: &'static str| {
            let answer = parse(text.as_bytes(), Some("X-Echo-User"));
            let Ok(Some(Answer {
                status,
                user,
                closes,
                ..
            })) = answer
            else {
                panic!("{text:?}: {answer:?}")
            };
            (status, user, closes)
        };
        assert_eq!(read(COUNTED), (200, Some(&b"alice"[..]), false));
        assert_eq!(read(CHUNKED), (401, None, false));
        assert_eq!(
            read(
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\nX-Echo-User:\r\n\r\n"
            ),
            (200, Some(&b""[..]), true)
        );
        assert_eq!(read("HTTP/1.1 204 No Content\r\n\r\n"), (204, None, false));
        assert_eq!(
            read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
            (200, None, true)
        );
    }

    #[test]
    fn what_has_no_certain_end_is_refused() {
        let cases = [
            ("HTTP/1.1 200 OK\r\n\r\n", Unreadable::NoLength),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                Unreadable::NoLength,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                Unreadable::BadLength,
            ),
            ("HTTP/1.1 103 Early Hints\r\n\r\n", Unreadable::Interim),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                Unreadable::BadChunk,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
                Unreadable::BadChunk,
            ),
        ];
        for (text, fault) in cases {
            assert_eq!(parse(text.as_bytes(), None), Err(fault), "{text:?}");
        }
        assert!(matches!(
            parse(b"SSH-2.0-x\r\n", None),
            Err(Unreadable::Head(_))
        ));
    }
}
