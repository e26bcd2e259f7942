//! `Rendered`: the header values of one session, ready to be written on every request.

use crate::store::BrokenRecord;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::ops::Range;

/// Names and values together (design section 6); what a usual upstream accepts of headers altogether.
const MAX_EMITTED_BYTES: usize = 8 * 1024;

/// Values that many sessions share stand once in the program, not in each session's buffer.
const SHARED: [&str; 13] = [
    "",
    "true",
    "false",
    "user",
    "password",
    "oauth",
    "custom_token",
    "totp",
    "oob",
    "bearer_token",
    "recovery_code",
    "sms",
    "email",
];

/// One value per line of the plan that made it; a missing one is not sent. Cloning a value copies no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    values: Box<[Option<HeaderValue>]>,
}

impl Rendered {
    pub(super) fn value(&self, line: usize) -> Option<&HeaderValue> {
        self.values.get(line)?.as_ref()
    }
}

/// Values on their way into one buffer.
pub(super) struct Rendering {
    pieces: Vec<Piece>,
    text: String,
    emitted: usize,
}

enum Piece {
    Missing,
    Shared(&'static str),
    Own(Range<usize>),
}

impl Rendering {
    pub(super) fn with_capacity(lines: usize) -> Self {
        Self {
            pieces: Vec::with_capacity(lines),
            text: String::new(),
            emitted: 0,
        }
    }

    /// The next line of the plan is not sent.
    pub(super) fn skip(&mut self) {
        self.pieces.push(Piece::Missing);
    }

    /// A line that is not of the plan will take so much of what may be sent.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), BrokenRecord> {
        self.emitted = self.emitted.saturating_add(bytes);
        if self.emitted > MAX_EMITTED_BYTES {
            return Err(BrokenRecord::new(
                "record",
                "makes more than 8 KiB of headers",
            ));
        }
        Ok(())
    }

    /// The next line of the plan has this value. It is refused, never cut or cleaned, when it could end the header
    /// line or when all together grow past the limit (R2).
    pub(super) fn push(&mut self, name: &HeaderName, value: &str) -> Result<(), BrokenRecord> {
        if value.chars().any(char::is_control) {
            return Err(unprintable(name.as_str()));
        }
        self.reserve(name.as_str().len() + value.len())?;
        let piece = match SHARED.into_iter().find(|word| *word == value) {
            Some(word) => Piece::Shared(word),
            None => {
                let start = self.text.len();
                self.text.push_str(value);
                Piece::Own(start..self.text.len())
            }
        };
        self.pieces.push(piece);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Rendered, BrokenRecord> {
        let text = Bytes::from(self.text.into_boxed_str().into_boxed_bytes());
        let values = self.pieces.into_iter().map(|piece| match piece {
            Piece::Missing => Ok(None),
            Piece::Shared(word) => Ok(Some(HeaderValue::from_static(word))),
            Piece::Own(range) => HeaderValue::from_maybe_shared(text.slice(range))
                .map(Some)
                .map_err(|_| unprintable("of the record")),
        });
        Ok(Rendered {
            values: values.collect::<Result<_, _>>()?,
        })
    }
}

fn unprintable(name: &str) -> BrokenRecord {
    BrokenRecord::new(format!("header {name}"), "holds a control character")
}

#[cfg(test)]
mod tests {
    use super::{MAX_EMITTED_BYTES, Rendered, Rendering};
    use crate::store::BrokenRecord;
    use http::HeaderName;

    fn render(values: &[&str]) -> Result<Rendered, BrokenRecord> {
        let mut rendering = Rendering::with_capacity(values.len());
        for value in values {
            rendering.push(&HeaderName::from_static("x-email"), value)?;
        }
        rendering.finish()
    }

    #[test]
    fn a_value_that_could_end_the_line_is_refused_and_its_header_named() {
        for value in [
            "a\r\nX-Admin: 1",
            "a\n",
            "\r",
            "\0",
            "a\tb",
            "\u{1b}[0m",
            "\u{7f}",
            "\u{85}",
            "\u{9f}",
        ] {
            let fault = render(&["fine", value]).expect_err(value);
            assert_eq!(
                fault.to_string(),
                "broken session record: header x-email: holds a control character",
                "{value:?}"
            );
        }
    }

    #[test]
    fn printable_text_passes_unchanged() {
        for value in ["", "true", "a b", "Zoë", "名前", "!~", "a,b;c=\"d\""] {
            let rendered = render(&[value]).expect(value);
            let bytes = rendered.value(0).map(|value| value.as_bytes());
            assert_eq!(bytes, Some(value.as_bytes()), "{value:?}");
        }
    }

    #[test]
    fn the_limit_counts_names_and_values() {
        let most = "v".repeat(MAX_EMITTED_BYTES - "X-Email".len());
        assert!(render(&[&most]).is_ok());
        assert!(
            render(&[&most, ""]).is_err(),
            "the name of an empty header counts"
        );
        assert!(render(&[&(most + "v")]).is_err());
    }

    #[test]
    fn the_values_of_a_session_lie_in_one_buffer() {
        let rendered = render(&["u-17", "true", "ann@example.com"]).expect("no fault");
        let start = |line: usize| {
            rendered
                .value(line)
                .map(|value| value.as_bytes().as_ptr().addr())
        };
        assert_eq!(start(2), start(0).map(|address| address + "u-17".len()));
    }
}
