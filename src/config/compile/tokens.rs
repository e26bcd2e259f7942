//! `token:` of a session source.

use super::cookie_session;
use super::format;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::store::Envelope;
use crate::token::{CookieName, CookieSource, Duplicates, TokenSource};

/// One entry of `token:`.
pub(super) struct Place {
    pub(super) token: TokenSource,
    /// Of a cookie that carries what it is about.
    pub(super) envelope: Option<Envelope>,
}

/// Where the tokens of a source stand, in order. Left out: where the format's framework puts them, else bearer and then a
/// cookie called `session`.
pub(super) fn places(source: &Mapping<'_>) -> Vec<Place> {
    let Some(value) = source.get("token") else {
        let preset = source.get("redis").and_then(format::preset_of);
        let tokens =
            preset.map_or_else(by_default, |preset| in_order(preset.bearer, preset.cookies));
        return tokens.into_iter().map(plain).collect();
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

fn plain(token: TokenSource) -> Place {
    Place {
        token,
        envelope: None,
    }
}

fn place(value: Value<'_>) -> Option<Place> {
    if !value.is_mapping() {
        let word = value.choice_or("token", &[("bearer", ())], Some("{cookie: session}"));
        return word.map(|()| plain(TokenSource::Bearer));
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
        return Some(plain(TokenSource::Cookie(CookieSource {
            name,
            duplicates,
        })));
    }
    named_cookie(&cookie.mapping(keys::COOKIE)?).map(|cookie| plain(TokenSource::Cookie(cookie)))
}

/// `name` and `duplicates` of a cookie.
pub(super) fn named_cookie(section: &Mapping<'_>) -> Option<CookieSource> {
    let duplicates = section.choice("duplicates", &words::DUPLICATES);
    let name = cookie_name(section.required("name", "the cookie's name")?)?;
    Some(CookieSource {
        name,
        duplicates: duplicates.unwrap_or_default(),
    })
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
