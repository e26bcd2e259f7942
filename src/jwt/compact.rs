//! `Compact`: a token in compact form, taken apart in one way only (RFC 7515 §3.1, §7.1).

use super::header::Header;
use super::settings::TokenLimit;
use crate::token::{Flaw, FlawKind};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A token whose header is read; nothing of it is proved yet.
#[derive(Debug)]
pub(super) struct Compact<'t> {
    pub(super) header: Header,
    /// What the signature is over.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
    payload: &'t str,
}

impl<'t> Compact<'t> {
    /// Size and dots are counted before anything is decoded, so a token costs no more than its length.
    pub(super) fn read(token: &'t str, limit: TokenLimit) -> Result<Self, Flaw> {
        if token.len() > limit.bytes() {
            return Err(malformed("it is longer than a token may be"));
        }
        let parts = parts(token).ok_or_else(|| malformed("it has not three parts"))?;
        let (signed, header, payload, signature) = parts;
        Ok(Self {
            header: Header::read(&decode(header, "its header is not canonical base64url")?)?,
            signed,
            signature: decode(signature, "its signature is not canonical base64url")?,
            payload,
        })
    }

    /// The bytes that were signed. Read them once the signature is proved.
    pub(super) fn payload(&self) -> Result<Vec<u8>, Flaw> {
        decode(self.payload, "its payload is not canonical base64url")
    }
}

/// Whether a credential is written as a signed token is: three non-empty parts of base64url. Nothing is decoded.
///
/// For sources that share `Authorization: Bearer`: an opaque token without dots is of another kind, not a broken JWT.
#[must_use]
pub fn has_compact_form(token: &str) -> bool {
    let is_base64url = |part: &str| {
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !part.is_empty() && part.bytes().all(is_digit)
    };
    parts(token).is_some_and(|(_, header, payload, signature)| {
        [header, payload, signature].into_iter().all(is_base64url)
    })
}

/// The signed part, the header, the payload, the signature.
fn parts(token: &str) -> Option<(&str, &str, &str, &str)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    (!payload.contains('.')).then_some((signed, header, payload, signature))
}

/// Without padding, other alphabets or stray bits: one token must not have two spellings (research/security.md 1.13).
fn decode(part: &str, otherwise: &'static str) -> Result<Vec<u8>, Flaw> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| malformed(otherwise))
}

fn malformed(detail: &'static str) -> Flaw {
    Flaw::new(FlawKind::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::{Compact, has_compact_form};
    use crate::jwt::settings::TokenLimit;
    use crate::token::FlawKind;
    use proptest::prelude::*;

    /// `{"alg":"ES256"}`
    const HEADER: &str = "eyJhbGciOiJFUzI1NiJ9";

    #[test]
    fn three_parts_are_taken_apart() {
        let token = format!("{HEADER}.e30.AQID");
        let read = Compact::read(&token, TokenLimit::default()).expect("well-formed");
        assert_eq!(read.signed, format!("{HEADER}.e30"));
        assert_eq!(read.signature, [1, 2, 3]);
        assert_eq!(read.payload(), Ok(b"{}".to_vec()));
        assert!(has_compact_form(&token));
    }

    #[test]
    fn another_shape_or_spelling_is_malformed() {
        let limit = TokenLimit::new(64).expect("within bounds");
        let cases = [
            String::new(),
            "opaque".to_owned(),
            "..".to_owned(),
            ".".repeat(60),
            format!("{HEADER}.e30"),
            format!("{HEADER}.e30.AQID.AQID.AQID"),
            format!("{HEADER}=.e30.AQID"),
            format!("{HEADER}.e30.AQID="),
            format!("{HEADER}.e30.AR"),
            format!("{HEADER}.e30.A"),
            format!("{HEADER}.e30.+/8A"),
            format!("{HEADER}.e30.AQ ID"),
            format!("{HEADER}\n.e30.AQID"),
            format!("{HEADER}.e30.{}", "A".repeat(64)),
            r#"{"payload":"e30","signatures":[]}"#.to_owned(),
        ];
        for token in cases {
            let flaw = Compact::read(&token, limit).expect_err(&token);
            assert_eq!(flaw.kind, FlawKind::Malformed, "{token}");
        }
        let payload = format!("{HEADER}.e31.AQID");
        let read = Compact::read(&payload, limit).expect("its payload is looked at later");
        assert!(read.payload().is_err());
    }

    #[test]
    fn an_opaque_token_has_not_the_form() {
        for token in [
            "", "opaque", "a.b", "a.b.c.d", "a..c", "a.b.", ".b.c", "a.b.c=", "a.b c.d",
        ] {
            assert!(!has_compact_form(token), "{token}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(token in "\\PC{0,80}|[A-Za-z0-9_=-]{0,30}\\.[A-Za-z0-9_-]{0,30}\\.[A-Za-z0-9_-]{0,30}") {
            let _ = Compact::read(&token, TokenLimit::default());
            let _ = has_compact_form(&token);
        }
    }
}
