//! Sources without records: what carries its session, or is asked for it elsewhere.

use super::jwt;
use super::place::Place;
use crate::config::keys;
use crate::config::reading::Mapping;
use crate::store::{Content, Envelope, Proof};

/// What a source believes that keeps no records.
pub(super) fn proof(section: &Mapping<'_>, places: &[Place]) -> Option<Proof> {
    match section.get("jwt") {
        Some(jwt) => jwt::settings(jwt, places).map(|settings| Proof::Jwt(Box::new(settings))),
        None => cookie(section, places),
    }
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
