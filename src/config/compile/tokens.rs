//! `token:` of a session source.

use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::token::{CookieName, CookieSource, Duplicates, TokenSource};

/// Where the tokens of a source stand, in order. Left out: bearer, then a cookie called `session`.
pub(super) fn sources(source: &Mapping<'_>) -> Vec<TokenSource> {
    let Some(value) = source.get("token") else {
        return by_default();
    };
    let items = value.items();
    if items.is_empty() {
        value.fault("a source looks for its token somewhere", HELP);
    }
    let mut found: Vec<TokenSource> = Vec::new();
    for item in items {
        match token(item) {
            Some(token) if found.contains(&token) => {
                item.fault("this place is looked at already", "remove it");
            }
            Some(token) => found.push(token),
            None => {}
        }
    }
    found
}

const HELP: &str = "`bearer`, or a cookie: {cookie: session}";

/// What a source looks at when nothing is said.
pub(super) fn by_default() -> Vec<TokenSource> {
    let cookie = CookieName::new("session").map(|name| {
        TokenSource::Cookie(CookieSource {
            name,
            duplicates: Duplicates::default(),
        })
    });
    [Some(TokenSource::Bearer), cookie]
        .into_iter()
        .flatten()
        .collect()
}

fn token(value: Value<'_>) -> Option<TokenSource> {
    if !value.is_mapping() {
        let word = value.choice_or("token", &[("bearer", ())], Some("{cookie: session}"));
        return word.map(|()| TokenSource::Bearer);
    }
    let section = value.mapping(keys::TOKEN)?;
    let Some(cookie) = section.get("cookie") else {
        if value.node.entries().is_empty() {
            value.expected(HELP, "");
        }
        return None;
    };
    if !cookie.is_mapping() {
        let name = cookie_name(cookie)?;
        let duplicates = Duplicates::default();
        return Some(TokenSource::Cookie(CookieSource { name, duplicates }));
    }
    let section = cookie.mapping(keys::COOKIE)?;
    let duplicates = section.choice("duplicates", &words::DUPLICATES);
    let name = cookie_name(section.required("name", "the cookie's name")?)?;
    Some(TokenSource::Cookie(CookieSource {
        name,
        duplicates: duplicates.unwrap_or_default(),
    }))
}

fn cookie_name(value: Value<'_>) -> Option<CookieName> {
    let name = CookieName::new(value.text()?);
    if name.is_none() {
        value.fault(
            "not a cookie name",
            "1 to 128 letters, digits and !#$%&'*+-.^_`|~ (RFC 6265)",
        );
    }
    name
}
