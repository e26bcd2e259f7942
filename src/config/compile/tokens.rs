//! `token:` of a session source.

use super::cookie_session;
use super::cookies::{cookie_name, named_cookie};
use super::format;
use super::place::Place;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::token::{CookieName, CookieSource, Duplicates, TokenSource};

/// Where the tokens of a source stand, in order. Left out: where the format's framework puts them, else bearer and then a
/// cookie called `session`.
pub(super) fn places(source: &Mapping<'_>) -> Vec<Place> {
    let Some(value) = source.get("token") else {
        let preset = source.get("redis").and_then(format::preset_of);
        let tokens =
            preset.map_or_else(by_default, |preset| in_order(preset.bearer, preset.cookies));
        return tokens.into_iter().map(Place::plain).collect();
    };
    let items = value.items();
    if items.is_empty() {
        value.fault("a source looks for its token somewhere", HELP);
    }
    let mut found: Vec<Place> = Vec::new();
    for item in items {
        match place(item) {
            Some(place) if found.iter().any(|known| known.token == place.token) => {
                item.fault("this place is looked at already", "remove it");
            }
            Some(place) => found.push(place),
            None => {}
        }
    }
    found
}

const HELP: &str = "`bearer`, or a cookie: {cookie: session}";

/// What a source looks at when nothing is said.
pub(super) fn by_default() -> Vec<TokenSource> {
    in_order(true, &["session"])
}

fn in_order(bearer: bool, cookies: &[&str]) -> Vec<TokenSource> {
    let named = cookies.iter().filter_map(|name| CookieName::new(name));
    let cookies = named.map(|name| {
        TokenSource::Cookie(CookieSource {
            name,
            duplicates: Duplicates::default(),
        })
    });
    let bearer = bearer.then_some(TokenSource::Bearer);
    bearer.into_iter().chain(cookies).collect()
}

fn place(value: Value<'_>) -> Option<Place> {
    if !value.is_mapping() {
        let word = value.choice_or("token", &[("bearer", ())], Some("{cookie: session}"));
        return word.map(|()| Place::plain(TokenSource::Bearer));
    }
    let section = value.mapping(keys::TOKEN)?;
    match (section.get("cookie"), section.get("cookie_session")) {
        (Some(cookie), None) => cookie_place(cookie),
        (None, Some(cookie)) => cookie_session::place(cookie),
        (Some(_), Some(second)) => {
            second.fault(
                "one place is one kind of token",
                "make it an entry of its own",
            );
            None
        }
        (None, None) => {
            if value.node.entries().is_empty() {
                value.expected(HELP, "");
            }
            None
        }
    }
}

fn cookie_place(cookie: Value<'_>) -> Option<Place> {
    if !cookie.is_mapping() {
        let name = cookie_name(cookie)?;
        let duplicates = Duplicates::default();
        return Some(Place::plain(TokenSource::Cookie(CookieSource {
            name,
            duplicates,
        })));
    }
    named_cookie(&cookie.mapping(keys::COOKIE)?)
        .map(|cookie| Place::plain(TokenSource::Cookie(cookie)))
}
