//! `Decode`: how frameworks write a handle so that a cookie can carry it.

use crate::token::{Flaw, FlawKind};
use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// One writing to undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decode {
    /// `%XX` (RFC 3986 §2.1), as `encodeURIComponent` and `rawurlencode` write; a `+` is a `+`.
    Percent,
    /// Base64 of the standard alphabet (RFC 4648 §4), with or without `=`.
    Base64,
    /// Base64 of the alphabet for URLs (RFC 4648 §5), with or without `=`.
    Base64Url,
}

impl Decode {
    pub(super) fn undo(self, text: &[u8]) -> Result<Vec<u8>, Flaw> {
        let (decoded, detail) = match self {
            Self::Percent => (percent(text), "`%` is not followed by two hex digits"),
            Self::Base64 => (base64(&STANDARD, text), "it is not base64"),
            Self::Base64Url => (base64(&URL_SAFE, text), "it is not base64url"),
        };
        decoded.ok_or_else(|| Flaw::new(FlawKind::Malformed, detail))
    }
}

/// Bits that no byte needs must be zero: otherwise the last character could be changed and nobody would notice.
fn base64(alphabet: &Alphabet, text: &[u8]) -> Option<Vec<u8>> {
    let either = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(false);
    GeneralPurpose::new(alphabet, either).decode(text).ok()
}

fn percent(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            decoded.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else {
            return None;
        };
        decoded.push(nibble(*high)? << 4 | nibble(*low)?);
        rest = after;
    }
    Some(decoded)
}

fn nibble(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::Decode::{self, Base64, Base64Url, Percent};
    use crate::token::FlawKind;

    #[test]
    fn what_a_cookie_carries_is_undone_strictly() {
        let cases: [(Decode, &str, Option<&[u8]>); 24] = [
            (Percent, "", Some(b"")),
            (Percent, "abc", Some(b"abc")),
            (Percent, "s%3Aabc", Some(b"s:abc")),
            (Percent, "s%3aa+b%2B", Some(b"s:a+b+")),
            (Percent, "%ff%00", Some(b"\xff\x00")),
            (Percent, "%253A", Some(b"%3A")),
            (Percent, "%", None),
            (Percent, "a%3", None),
            (Percent, "%3G", None),
            (Percent, "%+3", None),
            (Percent, "%%33A", None),
            (Base64, "YQ==", Some(b"a")),
            (Base64, "YQ", Some(b"a")),
            (Base64, "+/+/", Some(b"\xfb\xff\xbf")),
            (Base64, "-_-_", None),
            (Base64, "YR==", None),
            (Base64, "YQ==YQ==", None),
            (Base64, "YQ===", None),
            (Base64, "Y", None),
            (Base64, "YQ ==", None),
            (Base64Url, "-_-_", Some(b"\xfb\xff\xbf")),
            (Base64Url, "YQ==", Some(b"a")),
            (Base64Url, "YQ", Some(b"a")),
            (Base64Url, "+/+/", None),
        ];
        for (step, text, expected) in cases {
            let undone = step.undo(text.as_bytes()).map_err(|flaw| flaw.kind);
            let expected = expected.map(<[u8]>::to_vec).ok_or(FlawKind::Malformed);
            assert_eq!(undone, expected, "{step:?} {text}");
        }
    }
}
