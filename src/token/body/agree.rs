//! `agree`: what several values for one name in a body are worth.

use crate::token::unusable::Unusable;

/// The longest token in a body, in bytes; as that of a bearer token.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token, or why what stands there is none; `None` where nothing stands there.
pub(super) type Found = Option<Result<String, Unusable>>;

/// Takes one more value in: the same value twice is one, different ones are ambiguous (design rule R11). `None` stands
/// for a value that is no text.
pub(super) fn agree(found: &mut Found, value: Option<&str>) {
    let next = value.and_then(token).ok_or(Unusable::Malformed);
    match found {
        None => *found = Some(next.map(str::to_owned)),
        Some(first) if first.as_deref() == next.as_ref().copied() => {}
        Some(first) => *first = Err(Unusable::Ambiguous),
    }
}

fn token(value: &str) -> Option<&str> {
    let fits = (1..=MAX_TOKEN_BYTES).contains(&value.len());
    (fits && value.bytes().all(|byte| byte.is_ascii_graphic())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::{Found, agree};
    use crate::token::Unusable::{Ambiguous, Malformed};

    #[test]
    fn one_value_is_a_token_and_two_are_none() {
        let (longest, too_long) = ("x".repeat(8192), "x".repeat(8193));
        let token = |text: &str| Some(Ok(text.to_owned()));
        let cases: [(&[Option<&str>], Found); 13] = [
            (&[], None),
            (&[Some("a")], token("a")),
            (&[Some(&longest)], token(&longest)),
            (&[Some("a"), Some("a"), Some("a")], token("a")),
            (&[Some("a"), Some("b")], Some(Err(Ambiguous))),
            (&[Some("a"), Some("b"), Some("a")], Some(Err(Ambiguous))),
            (&[Some("a"), None], Some(Err(Ambiguous))),
            (&[Some(""), Some("a")], Some(Err(Ambiguous))),
            (&[Some(""), None], Some(Err(Malformed))),
            (&[Some(&too_long)], Some(Err(Malformed))),
            (&[Some("a b")], Some(Err(Malformed))),
            (&[Some("a\r\n")], Some(Err(Malformed))),
            (&[Some("\u{e9}")], Some(Err(Malformed))),
        ];
        for (values, expected) in cases {
            let mut found = None;
            values.iter().for_each(|value| agree(&mut found, *value));
            assert_eq!(found, expected, "{values:?}");
        }
    }
}
