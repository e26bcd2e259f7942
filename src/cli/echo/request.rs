//! `Request`: what arrived, with the headers in the spelling and order in which they arrived.

use std::io;
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A request whose body has been read and counted.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    /// 0 or 1, of HTTP/1.x.
    pub(super) minor_version: u8,
    pub(super) headers: Vec<(String, String)>,
    /// Without chunk framing.
    pub(super) body_bytes: u64,
}

/// Why a connection ends without an echo.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error("malformed request: {0}")]
    Malformed(&'static str),
    #[error("request head over {MAX_HEAD_BYTES} bytes")]
    HeadTooLarge,
    #[error("request body over {MAX_BODY_BYTES} bytes")]
    BodyTooLarge,
    #[error(transparent)]
    Io(#[from] io::Error),
}

enum Framing {
    Length(u64),
    Chunked,
}

impl Request {
    /// Reads the next request of a connection; `None` when the client has closed it.
    pub(super) async fn read<S>(stream: &mut S) -> Result<Option<Self>, Refusal>
    where
        S: AsyncBufRead + AsyncWrite + Unpin,
    {
        let head = read_head(stream).await?;
        if head.is_empty() {
            return Ok(None);
        }
        let mut request = parse_head(&head)?;
        let framing = request.framing()?;
        if request.has_token("expect", "100-continue") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        request.body_bytes = match framing {
            Framing::Length(length) => skip_exactly(stream, length).await?,
            Framing::Chunked => skip_chunks(stream).await?,
        };
        Ok(Some(request))
    }

    /// The value of the first header of that name, in any case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Whether a comma-separated header lists `token`, in any case.
    pub(super) fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(','))
            .any(|listed| listed.trim().eq_ignore_ascii_case(token))
    }

    /// Whether the connection may carry another request.
    pub(super) fn keeps_alive(&self) -> bool {
        self.minor_version == 1 && !self.has_token("connection", "close")
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn framing(&self) -> Result<Framing, Refusal> {
        let chunked = self.has_token("transfer-encoding", "chunked");
        match (self.header("content-length"), chunked) {
            (Some(_), true) => Err(Refusal::Malformed(
                "Content-Length and Transfer-Encoding together",
            )),
            (None, true) => Ok(Framing::Chunked),
            (None, false) => Ok(Framing::Length(0)),
            (Some(length), false) => match length.parse() {
                Ok(length) if length <= MAX_BODY_BYTES => Ok(Framing::Length(length)),
                Ok(_) => Err(Refusal::BodyTooLarge),
                Err(_) => Err(Refusal::Malformed("Content-Length is not a number")),
            },
        }
    }
}

/// Up to and including the empty line; empty at the end of the stream.
async fn read_head<S: AsyncBufRead + Unpin>(stream: &mut S) -> Result<Vec<u8>, Refusal> {
    let mut head = Vec::new();
    let mut limited = stream.take(MAX_HEAD_BYTES);
    loop {
        let start = head.len();
        limited.read_until(b'\n', &mut head).await?;
        match head.get(start..) {
            // RFC 9112 §2.2: an empty line before the request line is skipped.
            Some(b"\r\n" | b"\n") if start == 0 => head.clear(),
            Some(b"\r\n" | b"\n") => return Ok(head),
            Some(line) if line.ends_with(b"\n") => {}
            _ if limited.limit() == 0 => return Err(Refusal::HeadTooLarge),
            _ if head.is_empty() => return Ok(head),
            _ => return Err(Refusal::Malformed("the request head ends early")),
        }
    }
}

fn parse_head(head: &[u8]) -> Result<Request, Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    match parsed.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Refusal::Malformed("incomplete head")),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Err(_) => return Err(Refusal::Malformed("not an HTTP/1.1 head")),
    }
    let headers = parsed.headers.iter().map(|field| {
        let value = String::from_utf8_lossy(field.value).into_owned();
        (field.name.to_owned(), value)
    });
    Ok(Request {
        headers: headers.collect(),
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        minor_version: parsed.version.unwrap_or_default(),
        body_bytes: 0,
    })
}

async fn skip_exactly<S: AsyncBufRead + Unpin>(
    stream: &mut S,
    length: u64,
) -> Result<u64, Refusal> {
    let skipped = tokio::io::copy_buf(&mut stream.take(length), &mut tokio::io::sink()).await?;
    if skipped < length {
        return Err(Refusal::Malformed("the body ends early"));
    }
    Ok(skipped)
}

/// RFC 9112 §7.1: sizes in hex, extensions and trailers ignored.
async fn skip_chunks<S: AsyncBufRead + Unpin>(stream: &mut S) -> Result<u64, Refusal> {
    let mut total = 0;
    loop {
        let size_line = read_line(stream).await?;
        let digits = size_line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(digits, 16)
            .map_err(|_| Refusal::Malformed("chunk size is not a hex number"))?;
        if size > MAX_BODY_BYTES - total {
            return Err(Refusal::BodyTooLarge);
        }
        if size == 0 {
            break;
        }
        total += skip_exactly(stream, size).await?;
        if !read_line(stream).await?.is_empty() {
            return Err(Refusal::Malformed("chunk longer than its size"));
        }
    }
    read_trailers(stream).await?;
    Ok(total)
}

async fn read_trailers<S: AsyncBufRead + Unpin>(stream: &mut S) -> Result<(), Refusal> {
    for _ in 0..MAX_HEADERS {
        if read_line(stream).await?.is_empty() {
            return Ok(());
        }
    }
    Err(Refusal::HeadTooLarge)
}

/// One line of chunk framing, without its end.
async fn read_line<S: AsyncBufRead + Unpin>(stream: &mut S) -> Result<String, Refusal> {
    let mut line = Vec::new();
    stream
        .take(MAX_LINE_BYTES)
        .read_until(b'\n', &mut line)
        .await?;
    if !line.ends_with(b"\n") {
        return Err(Refusal::Malformed("chunk framing ends early"));
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

const MAX_HEAD_BYTES: u64 = 64 * 1024;
const MAX_HEADERS: usize = 256;
const MAX_BODY_BYTES: u64 = 64 * 1024 * 1024;
const MAX_LINE_BYTES: u64 = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::{MAX_HEAD_BYTES, Refusal, Request};
    use std::io::Cursor;

    async fn read(bytes: &[u8]) -> Result<Option<Request>, Refusal> {
        Request::read(&mut Cursor::new(bytes.to_vec())).await
    }

    #[tokio::test]
    async fn headers_keep_spelling_and_order() {
        let request = read(b"\r\nGET /a?b HTTP/1.1\r\nHOST: x\r\nx-B: 2\r\nX-a:  1 \r\n\r\n").await;
        let request = request.expect("legal").expect("one request");
        let names: Vec<_> = request
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["HOST", "x-B", "X-a"]);
        assert_eq!(request.header("x-a"), Some("1"));
        assert_eq!(request.target, "/a?b");
    }

    #[tokio::test]
    async fn bodies_are_counted_without_framing() {
        let cases: [(&str, u64); 4] = [
            ("Content-Length: 3\r\n\r\nabc", 3),
            (
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                5,
            ),
            (
                "transfer-encoding: Chunked\r\n\r\n0\r\nTrailer: t\r\n\r\n",
                0,
            ),
            ("Host: x\r\n\r\n", 0),
        ];
        for (rest, expected) in cases {
            let bytes = format!("POST / HTTP/1.1\r\n{rest}");
            let request = read(bytes.as_bytes()).await.expect(&bytes).expect(&bytes);
            assert_eq!(request.body_bytes, expected, "{bytes}");
        }
    }

    #[tokio::test]
    async fn what_is_not_plain_http_is_refused() {
        let long = format!(
            "GET / HTTP/1.1\r\nx: {}\r\n\r\n",
            "y".repeat(MAX_HEAD_BYTES as usize)
        );
        let cases = [
            (
                "both framings",
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            (
                "bad length",
                "POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\n",
            ),
            (
                "huge length",
                "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
            ),
            (
                "short body",
                "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
            ),
            (
                "huge chunk",
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            ),
            (
                "chunk overrun",
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            ),
            ("cut head", "GET / HTTP/1.1\r\nHost: x\r\n"),
            ("garbage", "hello\r\n\r\n"),
            ("long head", &long),
        ];
        for (name, bytes) in cases {
            assert!(read(bytes.as_bytes()).await.is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_closed_connection_is_no_request() {
        assert!(read(b"").await.expect("not an error").is_none());
    }
}
