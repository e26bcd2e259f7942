//! `Rendered`: the header values of one session, ready to be written on every request.

use crate::store::BrokenRecord;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::iter;
use std::sync::Arc;

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

/// One value per line of the plan that made it; a missing one is not sent.
///
/// One piece of memory, since there may be millions of them: two bytes for each line, which say where its value is, then
/// the values that are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered(Arc<[u8]>);

impl Rendered {
    /// For so many lines. The values share one allocation, made here: not one for each session that is kept, and no
    /// counter that requests of one session would pass around for each header.
    pub(super) fn values(&self, lines: usize) -> impl Iterator<Item = Option<HeaderValue>> + use<> {
        let all = Bytes::from_owner(Arc::clone(&self.0));
        let (mut head, mut text) = (0, lines * HEAD);
        iter::repeat_with(move || {
            let bytes = all.get(head..)?.first_chunk()?;
            head += HEAD;
            let value = match Place::from_bytes(*bytes) {
                Place::Missing => return None,
                Place::Shared(word) => HeaderValue::from_static(word),
                Place::Own(length) => {
                    let own = all.slice(text..text + length);
                    text += length;
                    HeaderValue::from_maybe_shared(own).expect("no control character is pushed")
                }
            };
            Some(value)
        })
        .take(lines)
    }
}

/// Where the value of a line is.
enum Place {
    Missing,
    Shared(&'static str),
    /// So many bytes, after those of the lines before.
    Own(usize),
}

impl Place {
    fn from_bytes(bytes: [u8; HEAD]) -> Self {
        let number = usize::from(u16::from_le_bytes(bytes));
        match number.checked_sub(FIRST_SHARED) {
            None => Self::Own(number),
            Some(at) => SHARED
                .get(at)
                .map_or(Self::Missing, |word| Self::Shared(word)),
        }
    }
}

/// Bytes that say where a value is.
const HEAD: usize = 2;
/// Numbers below are lengths of own values; from here on, places in [`SHARED`]; past its end, no value.
const FIRST_SHARED: usize = MAX_EMITTED_BYTES + 1;
const MISSING: usize = FIRST_SHARED + SHARED.len();

/// Values on their way into one buffer.
pub(super) struct Rendering {
    heads: Vec<u8>,
    text: String,
    emitted: usize,
}

impl Rendering {
    pub(super) fn with_capacity(lines: usize) -> Self {
        Self {
            heads: Vec::with_capacity(lines * HEAD),
            text: String::with_capacity(USUAL_TEXT),
            emitted: 0,
        }
    }

    /// The next line of the plan is not sent.
    pub(super) fn skip(&mut self) {
        self.place(MISSING);
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
        if let Some(at) = SHARED.into_iter().position(|word| word == value) {
            self.place(FIRST_SHARED + at);
        } else {
            self.place(value.len());
            self.text.push_str(value);
        }
        Ok(())
    }

    fn place(&mut self, number: usize) {
        let number = u16::try_from(number).expect("no value is longer than 8 KiB");
        self.heads.extend(number.to_le_bytes());
    }

    pub(super) fn finish(mut self) -> Rendered {
        self.heads.extend(self.text.as_bytes());
        Rendered(self.heads.into())
    }
}

/// Of the `skygear` profile, with room for one more header.
const USUAL_TEXT: usize = 256;

fn unprintable(name: &str) -> BrokenRecord {
    BrokenRecord::new(format!("header {name}"), "holds a control character")
}

#[cfg(test)]
mod tests {
    use super::{MAX_EMITTED_BYTES, Rendered, Rendering, SHARED};
    use crate::store::BrokenRecord;
    use http::HeaderName;

    fn render(values: &[&str]) -> Result<Rendered, BrokenRecord> {
        let mut rendering = Rendering::with_capacity(values.len());
        for value in values {
            rendering.push(&HeaderName::from_static("x-email"), value)?;
        }
        Ok(rendering.finish())
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
            let first = rendered.values(1).next().flatten();
            let bytes = first.as_ref().map(|value| value.as_bytes());
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
    fn every_value_comes_back_in_its_place() {
        let name = HeaderName::from_static("x-any");
        let own = ["u-17", "ann@example.com", "Jérôme", "x"];
        let mut rendering = Rendering::with_capacity(SHARED.len() + own.len() + 2);
        let mut expected = Vec::new();
        rendering.skip();
        expected.push(None);
        for value in SHARED.into_iter().chain(own) {
            rendering.push(&name, value).expect("no fault");
            expected.push(Some(value.as_bytes().to_vec()));
        }
        rendering.skip();
        expected.push(None);
        let rendered = rendering.finish();
        let values = rendered.values(expected.len());
        let values: Vec<_> = values
            .map(|value| Some(value?.as_bytes().to_vec()))
            .collect();
        assert_eq!(values, expected);
    }

    #[test]
    fn the_values_of_a_session_lie_in_one_buffer() {
        let rendered = render(&["u-17", "true", "ann@example.com"]).expect("no fault");
        let values: Vec<_> = rendered
            .values(3)
            .map(|value| value.expect("a value"))
            .collect();
        let start = |line: usize| values[line].as_bytes().as_ptr().addr();
        assert_eq!(start(2), start(0) + "u-17".len());
    }
}
