//! Tokens in forms (URL Standard §5, `application/x-www-form-urlencoded`).

use super::agree::{Found, agree};
use super::field::FormField;

/// The token in the named field, read as a browser's `URLSearchParams` reads it; `None` where no field has the name.
/// Every sequence of bytes is a form.
pub(in crate::token) fn find(body: &[u8], field: &FormField) -> Found {
    let mut found = None;
    for (name, value) in form_urlencoded::parse(body) {
        if name == field.as_str() {
            agree(&mut found, Some(&value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::token::Unusable::{Ambiguous, Malformed};
    use crate::token::body::FormField;
    use crate::token::body::agree::Found;
    use proptest::prelude::*;

    fn named(name: &str) -> FormField {
        FormField::new(name).expect("a name")
    }

    fn token(text: &str) -> Found {
        Some(Ok(text.to_owned()))
    }

    #[test]
    fn a_form_is_read_as_a_browser_reads_it() {
        let cases: [(&[u8], Found); 26] = [
            (b"", None),
            (b"&&", None),
            (b"=token", None),
            (b"a=token&b=1", None),
            (b"Token=abc", None),
            (b"xtoken=abc", None),
            (b"token[]=abc", None),
            (b"a=1;token=abc", None),
            (b"token=abc", token("abc")),
            (b"a=1&token=abc&b=2", token("abc")),
            (b"&token=abc&", token("abc")),
            (b"to%6ben=%61bc", token("abc")),
            (b"token=a%2Bb%2fc%3D%3D", token("a+b/c==")),
            (b"token=a=b==", token("a=b==")),
            (b"token=a?b#c", token("a?b#c")),
            (b"token=100%", token("100%")),
            (b"token=a%zzb", token("a%zzb")),
            (b"token=abc&token=abc", token("abc")),
            (b"token=abc&to%6Ben=%61bc", token("abc")),
            (b"token=abc&token=abd", Some(Err(Ambiguous))),
            (b"token=abc&token=", Some(Err(Ambiguous))),
            (b"token", Some(Err(Malformed))),
            (b"token=", Some(Err(Malformed))),
            (b"token=a+b", Some(Err(Malformed))),
            (b"token=a%00b", Some(Err(Malformed))),
            (b"token=\xff", Some(Err(Malformed))),
        ];
        for (body, expected) in cases {
            let found = find(body, &named("token"));
            assert_eq!(found, expected, "{}", body.escape_ascii());
        }
        assert_eq!(
            find(b"\xef\xbb\xbftoken=abc", &named("token")),
            None,
            "a BOM is part of the name"
        );
        assert_eq!(find(b"mon+jeton=abc", &named("mon jeton")), token("abc"));
        assert_eq!(
            find("cl\u{e9}=abc".as_bytes(), &named("cl\u{e9}")),
            token("abc")
        );
        assert_eq!(find(b"cl%C3%A9=abc", &named("cl\u{e9}")), token("abc"));
    }

    /// The steps of the URL Standard §5.1, one by one.
    fn search_params(body: &[u8]) -> Vec<(String, String)> {
        let decoded = |text: &[u8]| {
            let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
            let (mut bytes, mut at) = (Vec::new(), 0);
            while let Some(byte) = text.get(at) {
                at += 1;
                match (byte, digit(at), digit(at + 1)) {
                    (b'%', Some(high), Some(low)) => {
                        bytes.push(u8::try_from(high * 16 + low).expect("a byte"));
                        at += 2;
                    }
                    (b'+', ..) => bytes.push(b' '),
                    _ => bytes.push(*byte),
                }
            }
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let pairs = body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let mut parts = pair.splitn(2, |byte| *byte == b'=');
                [parts.next(), parts.next()].map(|part| decoded(part.unwrap_or_default()))
            })
            .map(|[name, value]| (name, value))
            .collect()
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_search_params_would_give(
            pieces in prop::collection::vec(
                prop_oneof![
                    "(t|to|%74)(o)?(=|&|\\+|%3d)?",
                    "[a-c%+=&;é \u{0}]{0,4}",
                ],
                0..8,
            ),
            noise in prop::collection::vec(any::<u8>(), 0..6),
        ) {
            let body = [pieces.concat().as_bytes(), &noise].concat();
            let mut values: Vec<String> = search_params(&body)
                .into_iter()
                .filter(|(name, _)| name == "t")
                .map(|(_, value)| value)
                .collect();
            values.dedup();
            let is_token = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
            match find(&body, &named("t")) {
                None => prop_assert!(values.is_empty()),
                Some(Ok(token)) => prop_assert_eq!(values, [token]),
                Some(Err(Malformed)) => prop_assert!(values.iter().all(|value| !is_token(value))),
                Some(Err(Ambiguous)) => prop_assert!(values.len() > 1),
            }
        }

        #[test]
        fn what_a_browser_sends_is_found(token in "[!-~]{1,40}", other in "\\PC{0,8}") {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("a", &other).append_pair("t", &token).append_pair(&format!("x{other}"), "t");
            let body = form.finish();
            prop_assert_eq!(find(body.as_bytes(), &named("t")), Some(Ok(token)));
        }
    }
}
