//! Cookies by name, in `token:`.

use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::token::{CookieName, CookieSource};

/// `name` and `duplicates` of a cookie.
pub(super) fn named_cookie(section: &Mapping<'_>) -> Option<CookieSource> {
    let duplicates = section.choice("duplicates", &words::DUPLICATES);
    let name = cookie_name(section.required("name", "the cookie's name")?)?;
    Some(CookieSource {
        name,
        duplicates: duplicates.unwrap_or_default(),
    })
}

/// RFC 6265 §4.1.1.
pub(super) fn cookie_name(value: Value<'_>) -> Option<CookieName> {
    let name = CookieName::new(value.text()?);
    if name.is_none() {
        value.fault(
            "not a cookie name",
            "1 to 128 letters, digits and !#$%&'*+-.^_`|~ (RFC 6265)",
        );
    }
    name
}
