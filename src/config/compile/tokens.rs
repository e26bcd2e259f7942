//! `token:` of a session source.

use super::cookie_session;
use super::cookies::{cookie_name, named_cookie};
use super::format;
use super::place::Place;
use crate::config::keys;
use crate::config::raw::Yaml;
use crate::config::reading::{Mapping, Value};
use crate::token::{CookieName, CookieSource, Duplicates, FormField, JsonPath, TokenSource};

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

const HELP: &str =
    "`bearer`, or one of {cookie: session}, {cookie_session: …}, {form: token}, {json: token}";

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
        let word = value.choice_or(
            "token",
            &[("bearer", ())],
            Some("{cookie: session}, {cookie_session: …}, {form: token}, {json: token}"),
        );
        return word.map(|()| Place::plain(TokenSource::Bearer));
    }
    let section = value.mapping(keys::TOKEN)?;
    let mut places = PLACES
        .iter()
        .filter_map(|(key, read)| Some((section.get(key)?, read)));
    match (places.next(), places.next()) {
        (Some((place, read)), None) => read(place),
        (Some(_), Some((second, _))) => {
            second.fault(
                "one place is one kind of token",
                "make it an entry of its own",
            );
            None
        }
        // Another key has been reported.
        (None, _) => {
            if value.node.entries().is_empty() {
                value.expected(HELP, "");
            }
            None
        }
    }
}

type Read = fn(Value<'_>) -> Option<Place>;

/// Where a token may stand that has a name.
const PLACES: [(&str, Read); 4] = [
    ("cookie", cookie_place),
    ("cookie_session", cookie_session::place),
    ("form", form_place),
    ("json", json_place),
];

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

fn form_place(field: Value<'_>) -> Option<Place> {
    let name = FormField::new(field.text()?);
    if name.is_none() {
        field.fault("not the name of a field", "1 to 128 bytes on one line");
    }
    name.map(|name| Place::plain(TokenSource::Form(name)))
}

/// `auth.token`, or a list where a name has a dot.
fn json_place(path: Value<'_>) -> Option<Place> {
    let names: Vec<&str> = match path.node.yaml {
        Yaml::List(_) => path
            .items()
            .into_iter()
            .map(Value::text)
            .collect::<Option<_>>()?,
        _ => path.text()?.split('.').collect(),
    };
    let found = JsonPath::new(names);
    if found.is_none() {
        path.fault(
            "not a path to a member",
            "1 to 8 names of 1 to 128 bytes, `auth.token` or [auth, token]",
        );
    }
    found.map(|path| Place::plain(TokenSource::Json(path)))
}
