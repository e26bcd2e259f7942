//! `jwt:` of a session source: which signed tokens are believed.

use super::field_map;
use super::jwt_keys;
use super::place::Place;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::jwt::{Algorithm, Algorithms, Expiry, Leeway, VerifierSettings};
use crate::store::{Content, Envelope, Field, FieldMap, FieldPath, JwtSettings};

/// Reads the section; `places` are those of the source's `token:` list.
pub(super) fn settings(value: Value<'_>, places: &[Place]) -> Option<JwtSettings> {
    let section = value.mapping(keys::JWT)?;
    let algorithms = algorithms(&section);
    let expiry = expiry(&section);
    let leeway = leeway(&section);
    let issuers = texts(&section, "issuer");
    let audiences = texts(&section, "audience");
    let keys = jwt_keys::read(&section, algorithms.as_ref());
    let envelopes = envelopes(value, places);
    if let Some(algorithms) = &algorithms
        && issuers.is_empty()
        && audiences.is_empty()
    {
        warn_of_any_service(value, algorithms);
    }
    let verifier = VerifierSettings {
        issuers,
        audiences,
        expiry,
        leeway: leeway?,
        ..VerifierSettings::new(algorithms?)
    };
    Some(JwtSettings {
        verifier,
        keys: keys?,
        map: map(&section),
        envelopes: envelopes?,
    })
}

/// Never taken from a token, so they must be written.
fn algorithms(section: &Mapping<'_>) -> Option<Algorithms> {
    let help = "those that the issuer signs with, such as [RS256]";
    let value = section.required("algorithms", help)?;
    let items = value.items();
    let named = items.iter().map(|item| {
        let text = item.text()?;
        let known = Algorithm::parse(text);
        known
            .inspect_err(|fault| item.fault(format!("`{text}` {fault}"), help))
            .ok()
    });
    let named: Vec<Option<Algorithm>> = named.collect();
    let named: Vec<Algorithm> = named.into_iter().collect::<Option<_>>()?;
    if named.contains(&Algorithm::Es384) {
        let help = "ES256 costs a tenth; with ES384, limit requests in front of the gateway";
        value
            .place
            .warn("ES384 takes half a millisecond per new token", help);
    }
    Algorithms::new(named)
        .inspect_err(|fault| value.fault(format!("`algorithms` {fault}"), help))
        .ok()
}

/// A token without an end is a decision of its own (seed 001: its tokens have none).
fn expiry(section: &Mapping<'_>) -> Expiry {
    let Some(value) = section.get("no_expiry") else {
        return Expiry::Required;
    };
    if value.choice("no_expiry", &[("allow", ())]).is_some() {
        value.place.warn(
            "tokens without `exp` are valid until they are revoked",
            "have the issuer set `exp`, a few minutes ahead; meanwhile give the source `revoked`",
        );
    }
    Expiry::Optional
}

/// With published keys the issuer signs for other services too; a secret is shared with whoever issues for this one.
fn warn_of_any_service(value: Value<'_>, algorithms: &Algorithms) {
    if algorithms.iter().any(Algorithm::is_symmetric) {
        return;
    }
    value.place.warn(
        "whatever these keys have signed is believed, also tokens for other services",
        "`issuer` and `audience`, as `iss` and `aud` of the tokens have them",
    );
}

fn leeway(section: &Mapping<'_>) -> Option<Leeway> {
    let Some(value) = section.get("leeway") else {
        return Some(Leeway::default());
    };
    Leeway::new(value.duration()?)
        .inspect_err(|fault| value.fault(format!("`leeway` {fault}"), "30s"))
        .ok()
}

fn texts(section: &Mapping<'_>, key: &'static str) -> Vec<String> {
    let Some(value) = section.get(key) else {
        return Vec::new();
    };
    let items = value.items();
    let help = format!("as the tokens have it; leave `{key}` out to take any");
    if items.is_empty() {
        value.fault("an empty list names nobody", help.as_str());
    }
    let items = items.into_iter();
    items
        .filter_map(|item| item.text_such_as(&help))
        .map(str::to_owned)
        .collect()
}

/// RFC 7519 §4.1: the subject is the user.
fn map(section: &Mapping<'_>) -> FieldMap {
    let mut map = FieldMap::default();
    if let Some(subject) = FieldPath::parse("sub") {
        map.set(Field::UserId, subject);
    }
    field_map::read(section, &mut map);
    map
}

fn envelopes(value: Value<'_>, places: &[Place]) -> Option<Vec<Option<Envelope>>> {
    let of_fields = |place: &Place| {
        let envelope = place.envelope.as_ref();
        envelope.is_some_and(|envelope| matches!(envelope.content, Content::Fields(_)))
    };
    if places.iter().any(of_fields) {
        value.fault(
            "a `cookie_session` of this source holds fields, and no token",
            "say where in it the token stands, `jwt: jwt`, or make two sources",
        );
        return None;
    }
    Some(places.iter().map(|place| place.envelope.clone()).collect())
}
