//! HTTP/1.1 messages as bytes, read strictly: whatever RFC 9112 does not allow is reported, never repaired.

use serde_json::{Value, json};
use std::io::{self, Read, Write};

/// One end of a connection, over whatever transport.
pub(crate) trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// A request as the upstream received it: every byte of it, in order, each byte as one character.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The request line.
    pub(crate) line: String,
    /// Header lines, names as they were spelled.
    pub(crate) headers: Vec<(String, String)>,
    /// The body without its chunk framing, as far as it has arrived.
    pub(crate) body: Vec<u8>,
    /// Lines after the last chunk.
    pub(crate) trailers: Vec<(String, String)>,
    /// Whether the whole body has arrived.
    pub(crate) is_complete: bool,
}

impl Seen {
    /// The values of a header, whatever the case of its name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        all(&self.headers, name)
    }

    /// The value of a header that must not stand there twice.
    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(
            all.len() < 2,
            "{name} stands there {} times: {all:?}",
            all.len()
        );
        all.first().copied()
    }

    /// Name and value, lower-cased and sorted, of every header whose name starts so.
    pub(crate) fn family(&self, prefix: &str) -> Vec<(String, String)> {
        let lower = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.clone()));
        let mut family: Vec<_> = lower.filter(|(name, _)| name.starts_with(prefix)).collect();
        family.sort();
        family
    }

    /// The request target.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub(super) fn to_json(&self) -> Value {
        json!({"line": self.line, "headers": self.headers, "body": latin1(&self.body), "trailers": self.trailers})
    }

    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let lines = |key: &str| serde_json::from_value(value.get(key)?.clone()).ok();
        Some(Self {
            line: value.get("line")?.as_str()?.to_owned(),
            headers: lines("headers")?,
            body: bytes(value.get("body")?.as_str()?),
            trailers: lines("trailers")?,
            is_complete: true,
        })
    }
}

/// The values of a name in header lines.
pub(super) fn all<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let same = headers
        .iter()
        .filter(|(own, _)| own.eq_ignore_ascii_case(name));
    same.map(|(_, value)| value.as_str()).collect()
}

/// Each byte as one character, so that nothing is lost.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The way back from [`latin1`].
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect()
}

/// Reads from a stream and keeps what it has read beyond what was asked for.
pub(super) struct Reader {
    stream: Box<dyn Stream>,
    ahead: Vec<u8>,
}

impl Reader {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// One line without its CRLF. `None` at the end of the stream; a bare LF or an unfinished line is an error.
    pub(super) fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.ahead.drain(..=end).collect();
                let text = line
                    .strip_suffix(b"\r\n")
                    .ok_or_else(|| fault("a line ends in a bare LF"))?;
                return Ok(Some(latin1(text)));
            }
            if self.fill()? == 0 {
                return if self.ahead.is_empty() {
                    Ok(None)
                } else {
                    Err(cut_off("the stream ends within a line"))
                };
            }
        }
    }

    /// Header lines up to the empty one, strictly.
    pub(super) fn headers(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut headers = Vec::new();
        loop {
            let line = self
                .line()?
                .ok_or_else(|| cut_off("the stream ends within a head"))?;
            if line.is_empty() {
                return Ok(headers);
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| fault("a header line without a colon"))?;
            let legal = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || !name.chars().all(legal) {
                return Err(fault("a header name that is no token"));
            }
            let value = value.trim_matches([' ', '\t']);
            if value.chars().any(|c| c.is_ascii_control() && c != '\t') {
                return Err(fault("a control character in a header value"));
            }
            headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Up to `most` bytes, at least one; nothing at the end of the stream.
    pub(super) fn some(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if self.ahead.is_empty() {
            self.fill()?;
        }
        let count = most.min(self.ahead.len());
        Ok(self.ahead.drain(..count).collect())
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer)?;
        self.ahead.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Exactly(usize),
    Chunked,
    UntilClose,
}

impl Length {
    /// RFC 9112 §6.3, with every ambiguity an error. `None`: the head says nothing.
    pub(super) fn of(headers: &[(String, String)]) -> io::Result<Option<Self>> {
        match (
            all(headers, "content-length").as_slice(),
            all(headers, "transfer-encoding").as_slice(),
        ) {
            ([], []) => Ok(None),
            ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(Some(Self::Chunked)),
            ([digits], [])
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                digits
                    .parse()
                    .map(|count| Some(Self::Exactly(count)))
                    .map_err(|_| fault("a content length out of range"))
            }
            (lengths, codings) => Err(fault(&format!(
                "ambiguous framing: {lengths:?} {codings:?}"
            ))),
        }
    }

    /// Reads a body to its end; hands each piece on as it comes. Gives the trailers.
    pub(super) fn read(
        self,
        reader: &mut Reader,
        mut piece: impl FnMut(&[u8]),
    ) -> io::Result<Vec<(String, String)>> {
        let mut exactly = |reader: &mut Reader, mut left: usize| -> io::Result<()> {
            while left > 0 {
                let some = reader.some(left)?;
                if some.is_empty() {
                    return Err(cut_off("the stream ends within a body"));
                }
                left -= some.len();
                piece(&some);
            }
            Ok(())
        };
        match self {
            Self::Exactly(count) => exactly(reader, count)?,
            Self::UntilClose => while exactly(reader, 1).is_ok() {},
            Self::Chunked => loop {
                let line = reader
                    .line()?
                    .ok_or_else(|| cut_off("the stream ends within chunks"))?;
                let digits = line.split(';').next().unwrap_or_default().trim_end();
                let count = usize::from_str_radix(digits, 16)
                    .map_err(|_| fault("a chunk size that is no number"))?;
                if count == 0 {
                    return reader.headers();
                }
                exactly(reader, count)?;
                if reader.line()?.as_deref() != Some("") {
                    return Err(fault("a chunk without its CRLF"));
                }
            },
        }
        Ok(Vec::new())
    }
}

/// The other side went away, which is no fault of framing.
fn cut_off(place: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, place.to_owned())
}

/// What RFC 9112 does not allow.
pub(super) fn fault(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
