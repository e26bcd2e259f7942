//! What of a header value is shown: a signed token opens services, so its claims are, and its signature is not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

/// The value, or, of one that is marked as sensitive, what it says: `<signed: {"aud":"blog",…}>`.
pub(super) fn shown(value: &HeaderValue) -> String {
    if !value.is_sensitive() {
        return String::from_utf8_lossy(value.as_bytes()).into_owned();
    }
    match claims(value) {
        Some(claims) => format!("<signed: {claims}>"),
        None => "***".to_owned(),
    }
}

/// The second part of three (RFC 7515 §7.1).
fn claims(value: &HeaderValue) -> Option<String> {
    let part = value.to_str().ok()?.split('.').nth(1)?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::shown;
    use http::HeaderValue;

    #[test]
    fn a_signed_token_shows_its_claims_and_nothing_that_opens() {
        let value = |text: &'static str, is_sensitive| {
            let mut value = HeaderValue::from_static(text);
            value.set_sensitive(is_sensitive);
            value
        };
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJibG9nIn0.c2lnbmF0dXJl";
        assert_eq!(shown(&value(token, true)), "<signed: {\"aud\":\"blog\"}>");
        assert_eq!(shown(&value("hunter2", true)), "***");
        assert_eq!(shown(&value("a.!.c", true)), "***");
        assert_eq!(shown(&value("u-17", false)), "u-17");
    }
}
