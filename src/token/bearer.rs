//! Bearer credentials in `Authorization` (RFC 6750 §2.1).

use super::unusable::Unusable;
use crate::request::bearer_credentials;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The longest bearer token, in bytes; JWTs with many claims come near it.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The bearer token; `None` where no line has the scheme `Bearer`.
pub(super) fn find(headers: &HeaderMap) -> Option<Result<&str, Unusable>> {
    let lines = headers.get_all(AUTHORIZATION);
    let credentials = lines
        .iter()
        .find_map(|line| bearer_credentials(line.as_bytes()))?;
    Some(match lines.iter().count() {
        1 => token68(credentials).ok_or(Unusable::Malformed),
        _ => Err(Unusable::Ambiguous),
    })
}

/// One or more blanks and one `token68` (RFC 9110 §11.2).
fn token68(credentials: &[u8]) -> Option<&str> {
    let text = str::from_utf8(credentials).ok()?;
    let token = text.trim_start_matches(' ');
    let body = token.trim_end_matches('=');
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let is_token = !body.is_empty()
        && token.len() < text.len()
        && token.len() <= MAX_TOKEN_BYTES
        && body.bytes().all(legal);
    is_token.then_some(token)
}

#[cfg(test)]
mod tests {
    use super::{Unusable, find};
    use http::{HeaderMap, HeaderValue};

    type Lines<'a> = &'a [&'a [u8]];
    type Found<'a> = Option<Result<&'a str, Unusable>>;

    #[test]
    fn a_bearer_token_is_found_or_named_as_broken() {
        let malformed = Some(Err(Unusable::Malformed));
        let longest = "a".repeat(8 * 1024);
        let at_limit = format!("Bearer {longest}");
        let past_limit = format!("{at_limit}a");
        let cases: [(Lines<'_>, Found<'_>); 23] = [
            (&[], None),
            (&[b""], None),
            (&[b"Basic YTpi"], None),
            (&[b"Bearerx abc"], None),
            (&[b"Negotiate abc"], None),
            (&[b"Bearer abc"], Some(Ok("abc"))),
            (&[b"bearer   abc"], Some(Ok("abc"))),
            (&[b"BEARER a-._~+/Z9=="], Some(Ok("a-._~+/Z9=="))),
            (&[b" Bearer abc "], Some(Ok("abc"))),
            (&[at_limit.as_bytes()], Some(Ok(&longest))),
            (&[past_limit.as_bytes()], malformed),
            (&[b"Bearer"], malformed),
            (&[b"Bearer "], malformed),
            (&[b"Bearer\tabc"], malformed),
            (&[b"Bearer =="], malformed),
            (&[b"Bearer a=b"], malformed),
            (&[b"Bearer a b"], malformed),
            (&[b"Bearer a,b"], malformed),
            (&[b"Bearer \"a\""], malformed),
            (&[b"Bearer a\xff"], malformed),
            (&[b"Bearer \xc3\xa9"], malformed),
            (&[b"Bearer a", b"Bearer a"], Some(Err(Unusable::Ambiguous))),
            (&[b"Basic a", b"Bearer a"], Some(Err(Unusable::Ambiguous))),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(
                    "authorization",
                    HeaderValue::from_bytes(line).expect("legal"),
                );
            }
            assert_eq!(find(&headers), expected, "{lines:?}");
        }
    }
}
