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
    let mut entries = section.value.node.entries().iter();
    if !entries.any(|entry| keys::later("source", &entry.key).is_some()) {
        let help = "`redis`, `memory`, `jwt` or `http`; or nothing but `cookie_session` with a `map` of its fields";
        section
            .value
            .fault("a session source keeps its sessions somewhere", help);
    }
    None
}
