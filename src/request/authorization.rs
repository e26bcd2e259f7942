//! `Authorization`: telling one scheme's credentials from another's (RFC 9110 §11.4).

/// What follows the scheme `Bearer`, blanks included; `None` for another scheme such as `Basic` or `Bearerx`.
///
/// RFC 9110 §11.1: the scheme is case-insensitive. It ends at the first byte that cannot stand in a token, so
/// `Bearer=x` is a broken bearer credential and not an unknown scheme.
#[must_use]
pub fn bearer_credentials(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let end = value.iter().position(|byte| !is_token_byte(*byte));
    let (scheme, rest) = value.split_at_checked(end.unwrap_or(value.len()))?;
    scheme.eq_ignore_ascii_case(b"bearer").then_some(rest)
}

/// Whether a comma joins several credentials in one line and a bearer one is among them.
pub(super) fn is_joined_bearer(value: &[u8]) -> bool {
    value.contains(&b',')
        && value
            .split(|byte| *byte == b',')
            .any(|part| bearer_credentials(part).is_some())
}

/// RFC 9110 §5.6.2 `tchar`: what header names, cookie names and schemes are made of.
#[must_use]
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{bearer_credentials, is_joined_bearer};

    #[test]
    fn only_the_bearer_scheme_is_ours() {
        let cases: [(&[u8], Option<&[u8]>); 10] = [
            (b"Bearer abc", Some(b" abc")),
            (b"bEaReR   abc", Some(b"   abc")),
            (b"Bearer", Some(b"")),
            (b"Bearer\tabc", Some(b"\tabc")),
            (b"Bearer=abc", Some(b"=abc")),
            (b"Bearerx abc", None),
            (b"Basic YTpi", None),
            (b"Basic Bearer", None),
            (b"", None),
            (b"\xff\xfe", None),
        ];
        for (value, expected) in cases {
            assert_eq!(bearer_credentials(value), expected, "{value:?}");
        }
    }

    #[test]
    fn commas_are_refused_only_where_a_bearer_credential_is() {
        let cases: [(&[u8], bool); 6] = [
            (b"Bearer a, Bearer b", true),
            (b"Bearer a,b", true),
            (b"Basic YTpi, bearer a", true),
            (b"Bearer,", true),
            (b"Digest username=\"a\", realm=\"b\"", false),
            (b"Bearer a", false),
        ];
        for (value, expected) in cases {
            assert_eq!(is_joined_bearer(value), expected, "{value:?}");
        }
    }
}
