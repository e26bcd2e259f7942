//! `token:` of a session source.

use crate::config::keys;
use crate::config::raw::Yaml;
use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::token::{CookieName, CookieSource, Duplicates, FormField, JsonPath, TokenSource};

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

const HELP: &str = "`bearer`, or one of {cookie: session}, {form: token}, {json: token}";

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
        let word = value.choice_or(
            "token",
            &[("bearer", ())],
            Some("{cookie: session}, {form: token}, {json: token}"),
        );
        return word.map(|()| TokenSource::Bearer);
    }
    let section = value.mapping(keys::TOKEN)?;
    let mut places = PLACES
        .iter()
        .filter_map(|(key, read)| Some((section.get(key)?, read)));
    match (places.next(), places.next()) {
        (Some((place, read)), None) => read(place),
        (Some(_), Some(_)) => {
            value.fault("an entry is one place", "a dash for each");
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

type Read = fn(Value<'_>) -> Option<TokenSource>;

/// Where a token may stand that has a name.
const PLACES: [(&str, Read); 3] = [("cookie", in_cookie), ("form", in_form), ("json", in_json)];

fn in_cookie(cookie: Value<'_>) -> Option<TokenSource> {
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

fn in_form(field: Value<'_>) -> Option<TokenSource> {
    let name = FormField::new(field.text()?);
    if name.is_none() {
        field.fault("not the name of a field", "1 to 128 bytes on one line");
    }
    name.map(TokenSource::Form)
}

/// `auth.token`, or a list where a name has a dot.
fn in_json(path: Value<'_>) -> Option<TokenSource> {
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
    found.map(TokenSource::Json)
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
