//! RESP2 and RESP3 as bytes that pass by: where a frame ends, and what a command says. Nothing is interpreted further.

use std::fmt;

/// What no Redis and no client of it would send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The length of the first frame, aggregates and attributes with all that they hold; `None` while some of it is missing.
pub(super) fn frame_length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut at = 0;
    let mut values_left = 1_usize;
    while values_left > 0 {
        let Some(Line { kind, text, end }) = line(bytes, at)? else {
            return bounded(bytes).map(|()| None);
        };
        at = end;
        values_left -= 1;
        match kind {
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => {}
            b'$' | b'!' | b'=' => {
                if let Some(length) = count(text)? {
                    at += length + CRLF.len();
                    if at <= bytes.len() && !bytes[..at].ends_with(CRLF) {
                        return Err(Malformed("a blob that is longer than it says".to_owned()));
                    }
                }
            }
            b'*' | b'~' | b'>' => values_left += count(text)?.unwrap_or(0),
            b'%' => values_left += 2 * count(text)?.unwrap_or(0),
            // Pairs that are said beforehand, and then the value itself.
            b'|' => values_left += 2 * count(text)?.unwrap_or(0) + 1,
            other => {
                return Err(Malformed(format!(
                    "a frame of type {:?}",
                    char::from(other)
                )));
            }
        }
        if at > bytes.len() {
            return bounded(bytes).map(|()| None);
        }
    }
    Ok(Some(at))
}

/// Whether a frame was not asked for: pushes come between replies.
pub(super) fn is_push(frame: &[u8]) -> bool {
    frame.first() == Some(&b'>')
}

/// The words of a command, which a client sends as an array of blobs.
pub(super) fn words(frame: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
    let odd = || Malformed("a command that is no array of blobs".to_owned());
    let line_of = |kind: u8, at: usize| {
        line(frame, at)?
            .filter(|it| it.kind == kind)
            .ok_or_else(odd)
    };
    let head = line_of(b'*', 0)?;
    let (mut words, mut at) = (Vec::new(), head.end);
    for _ in 0..count(head.text)?.ok_or_else(odd)? {
        let head = line_of(b'$', at)?;
        let end = head.end + count(head.text)?.ok_or_else(odd)?;
        words.push(frame.get(head.end..end).ok_or_else(odd)?.to_vec());
        at = end + CRLF.len();
    }
    Ok(words)
}

/// The head of a value: its type, the rest of its line, and where the line ends.
struct Line<'b> {
    kind: u8,
    text: &'b [u8],
    end: usize,
}

/// The line that starts here; `None` while it has no end.
fn line(bytes: &[u8], at: usize) -> Result<Option<Line<'_>>, Malformed> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(length) = rest.windows(CRLF.len()).position(|pair| pair == CRLF) else {
        return Ok(None);
    };
    match &rest[..length] {
        [] => Err(Malformed("a line without a type".to_owned())),
        [kind, text @ ..] => Ok(Some(Line {
            kind: *kind,
            text,
            end: at + length + CRLF.len(),
        })),
    }
}

/// A length or a number of values; `None` for the null of RESP2.
fn count(text: &[u8]) -> Result<Option<usize>, Malformed> {
    let text = String::from_utf8_lossy(text);
    if text == "-1" {
        return Ok(None);
    }
    let count = text.parse().ok().filter(|count| *count <= MOST);
    count
        .map(Some)
        .ok_or_else(|| Malformed(format!("a length of {text:?}")))
}

fn bounded(bytes: &[u8]) -> Result<(), Malformed> {
    if bytes.len() > MOST {
        return Err(Malformed(format!("a frame without end in {MOST} bytes")));
    }
    Ok(())
}

const CRLF: &[u8] = b"\r\n";

/// Far more than a record may have.
const MOST: usize = 1 << 20;

mod tests {
    use super::{MOST, frame_length, is_push, words};

    /// One frame each, whatever is in it.
    const FRAMES: &[&str] = &[
        "+OK\r\n",
        "-LOADING x\r\n",
        ":-2\r\n",
        "_\r\n",
        ",1.5\r\n",
        "#t\r\n",
        "(3492890328409238509324850943850943825024385\r\n",
        "$0\r\n\r\n",
        "$-1\r\n",
        "$7\r\na\r\n$3\r\n\r\n",
        "!5\r\nERR x\r\n",
        "=7\r\ntxt:abc\r\n",
        "*0\r\n",
        "*-1\r\n",
        "*2\r\n:1\r\n*2\r\n$1\r\na\r\n_\r\n",
        "~1\r\n+a\r\n",
        "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n",
        "%0\r\n",
        "|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n",
        ">2\r\n$10\r\ninvalidate\r\n*1\r\n$9\r\nsession:a\r\n",
        ">2\r\n$10\r\ninvalidate\r\n_\r\n",
    ];

    #[test]
    fn a_frame_ends_where_its_last_value_does() {
        for frame in FRAMES {
            let followed = format!("{frame}+next\r\n");
            assert_eq!(
                frame_length(followed.as_bytes()),
                Ok(Some(frame.len())),
                "{frame:?}"
            );
        }
    }

    #[test]
    fn a_frame_that_lacks_a_byte_is_no_frame_yet() {
        for frame in FRAMES {
            for end in 0..frame.len() {
                assert_eq!(
                    frame_length(&frame.as_bytes()[..end]),
                    Ok(None),
                    "{frame:?} up to {end}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_resp_is_refused() {
        for bytes in [
            "GET x\r\n",
            "\r\n",
            "$x\r\n",
            "$-2\r\n",
            "*99999999999\r\n",
            "$1\r\nab\r\n",
            "$?\r\n",
        ] {
            assert!(frame_length(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
        let endless = [b"+".as_slice(), &vec![b'x'; MOST]].concat();
        assert!(frame_length(&endless).is_err(), "a line without end");
    }

    #[test]
    fn a_command_is_read_word_by_word() {
        let said = words(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\r\n\r\n\r\n");
        assert_eq!(
            said,
            Ok(vec![b"SET".to_vec(), b"a".to_vec(), b"\r\n\r\n".to_vec()])
        );
        for odd in ["+PING\r\n", "*1\r\n:1\r\n", "*-1\r\n", "*2\r\n$1\r\na\r\n"] {
            assert!(words(odd.as_bytes()).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn pushes_are_told_from_replies() {
        assert!(is_push(b">1\r\n+a\r\n"));
        assert!(!is_push(b"*1\r\n+a\r\n"));
    }
}
