//! Sources without records: what carries its session, or is asked for it elsewhere.

use super::http;
use super::jwt;
use super::place::Place;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::store::{Content, Envelope, Proof};
use crate::token::TokenSource;

/// What a source believes that keeps no records.
pub(super) fn proof(section: &Mapping<'_>, places: &[Place]) -> Option<Proof> {
    if let (Some(_), Some(second)) = (section.get("jwt"), section.get("http")) {
        let help = "keep one of `jwt` and `http`, or name two sources";
        second.fault("a session source believes one kind of proof", help);
    }
    match (section.get("jwt"), section.get("http")) {
        (Some(jwt), _) => jwt::settings(jwt, places).map(|settings| Proof::Jwt(Box::new(settings))),
        (None, Some(value)) => http(section, value, places),
        (None, None) => cookie(section, places),
    }
}

/// A credential is shown to the service as it was shown to us, and the service alone says what it is worth.
fn http(section: &Mapping<'_>, value: Value<'_>, places: &[Place]) -> Option<Proof> {
    if places.iter().any(|place| place.envelope.is_some()) {
        let message = "a `cookie_session` carries its own session, and nobody is asked";
        let help = "leave `http` out, or look for a plain `cookie`";
        section.value.fault(message, help);
    }
    let tokens: Vec<TokenSource> = places.iter().map(|place| place.token.clone()).collect();
    let settings = http::settings(value, &tokens)?;
    Some(Proof::Http(Box::new(settings)))
}

/// Every place has to be a cookie that is the session itself.
fn cookie(section: &Mapping<'_>, places: &[Place]) -> Option<Proof> {
    let envelopes: Vec<Envelope> = places
        .iter()
        .filter_map(|place| place.envelope.clone())
        .filter(|envelope| matches!(envelope.content, Content::Fields(_)))
        .collect();
    if !envelopes.is_empty() && envelopes.len() == places.len() {
        return Some(Proof::Cookie(envelopes));
    }
    let is_later = |word: &str| keys::later("source", word).is_some();
    let mut entries = section.value.node.entries().iter();
    if entries.any(|entry| is_later(&entry.key)) || has_unread(section, places) {
        return None;
    }
    let (message, help) = if places.iter().any(Place::holds_token) {
        (
            "the token in a `cookie_session` is signed, and it is not said by whom",
            "jwt: {algorithms: [HS256], secret: {env: JWT_KEY}}, beside `token`",
        )
    } else if !envelopes.is_empty() {
        (
            "a `cookie_session` with a `map` is the session itself, and another place is not",
            "make two sources",
        )
    } else {
        (
            "a session source keeps its sessions somewhere",
            "`redis`, `memory`, `jwt` or `http`; or nothing but `cookie_session` with a `map` of its fields",
        )
    };
    section.value.fault(message, help);
    None
}

/// Whether a `cookie_session` is not among the places; why not has been reported.
fn has_unread(section: &Mapping<'_>, places: &[Place]) -> bool {
    let Some(token) = section.get("token") else {
        return false;
    };
    let items = token.items();
    let named = items
        .iter()
        .filter(|item| item.node.get("cookie_session").is_some());
    let read = places.iter().filter(|place| place.envelope.is_some());
    named.count() > read.count()
}
