//! Who signs: `jwks:`, `public_key:` or `secret:` of `jwt:`.

use super::outgoing;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::fetch::FetchTarget;
use crate::jwt::{Algorithms, KeySet, KeySetError, RefreshSettings};
use crate::secret::Secret;
use crate::store::KeySource;
use std::fs;
use std::time::Duration;

/// The one of the three that is there.
pub(super) fn read(section: &Mapping<'_>, algorithms: Option<&Algorithms>) -> Option<KeySource> {
    let named = ["jwks", "public_key", "secret"];
    let mut there = named
        .into_iter()
        .filter_map(|key| Some((key, section.get(key)?)));
    let Some((key, value)) = there.next() else {
        let help = "jwks: https://issuer/…/jwks.json, `public_key` (PEM) or `secret`";
        section.value.fault("it is not said who signs", help);
        return None;
    };
    if let Some((second, value)) = there.next() {
        let help = format!("keep `{key}` or `{second}`, or make two sources");
        value.fault("keys come from one place", help);
        return None;
    }
    let source = match key {
        "jwks" => jwks(value)?,
        "public_key" => KeySource::Fixed(public_key(value)?),
        _ => KeySource::Fixed(shared_secrets(value, algorithms)?),
    };
    check_kind(value, &source, key == "secret", algorithms?)?;
    Some(source)
}

fn check_kind(
    value: Value<'_>,
    source: &KeySource,
    is_secret: bool,
    algorithms: &Algorithms,
) -> Option<()> {
    let is_symmetric = algorithms.shortest_secret_bytes().is_some();
    if is_secret != is_symmetric {
        let help = "a shared `secret` is for HS256, HS384 and HS512; public keys and JWK sets are for all others";
        value.fault("these keys are not for these algorithms", help);
        return None;
    }
    if let KeySource::Fixed(keys) = source
        && !keys.fits(algorithms)
    {
        let help = "name the algorithms that the keys are for: RS256 for RSA, ES256 for P-256, EdDSA for Ed25519";
        value.fault("not one of the keys is for these algorithms", help);
        return None;
    }
    Some(())
}

fn jwks(value: Value<'_>) -> Option<KeySource> {
    let section = value
        .is_mapping()
        .then(|| value.mapping(keys::JWKS))
        .flatten();
    let Some(section) = section else {
        if value.is_mapping() {
            return None;
        }
        return Some(KeySource::Remote(
            published(value, None)?,
            RefreshSettings::default(),
        ));
    };
    if let Some(file) = section.get("file") {
        return from_file(file).map(KeySource::Fixed);
    }
    let (mut refresh, mut timeout) = (Duration::from_secs(300), Duration::from_secs(5));
    section.timeouts([("refresh", &mut refresh), ("timeout", &mut timeout)]);
    let url = section.required("url", "https://issuer/…/jwks.json, or `file`");
    let target = published(url?, section.get("ca"));
    let refreshed = RefreshSettings::new(refresh, timeout).inspect_err(|fault| {
        let place = section.get("refresh").unwrap_or(section.value);
        place.fault(format!("`refresh` {fault}"), "5m");
    });
    Some(KeySource::Remote(target?, refreshed.ok()?))
}

/// Whoever can change the keys on their way here can sign tokens of anybody.
fn published(url: Value<'_>, ca: Option<Value<'_>>) -> Option<FetchTarget> {
    let target = outgoing::target(url, ca)?;
    if target.is_exposed() {
        url.place.warn(
            "these keys come without TLS: whoever is on the way can send others, and sign tokens with them",
            "https://, a unix socket, or a file",
        );
    }
    Some(target)
}

fn from_file(value: Value<'_>) -> Option<KeySet> {
    let document = fs::read(value.path()?)
        .inspect_err(|error| value.fault(format!("cannot read the key set: {error}"), FILE_HELP))
        .ok()?;
    understood(
        value,
        KeySet::from_jwks(&document),
        "a JWK set (RFC 7517 §5)",
    )
}

const FILE_HELP: &str = "the path of a JWK set; a relative one starts at the folder of this file";

/// PEM, in the file itself or in one of its own.
fn public_key(value: Value<'_>) -> Option<KeySet> {
    let help = "PEM with BEGIN PUBLIC KEY or BEGIN CERTIFICATE, or the file that holds it: {file: issuer.pem}";
    let pem = if value.is_mapping() {
        secrets::read(value)?.expose().clone()
    } else {
        value.text()?.to_owned()
    };
    understood(value, KeySet::from_pem(&pem), help)
}

fn shared_secrets(value: Value<'_>, algorithms: Option<&Algorithms>) -> Option<KeySet> {
    let read: Option<Vec<Secret<String>>> = value.items().into_iter().map(secrets::read).collect();
    let bytes = read?
        .into_iter()
        .map(|secret| Secret::new(secret.expose().clone().into_bytes()));
    let keys = understood(
        value,
        KeySet::from_secrets(bytes),
        "the secret of the issuer",
    )?;
    if let Some(algorithms) = algorithms
        && keys.weak_secrets(algorithms) > 0
    {
        value.place.warn(
            "a secret is shorter than its algorithm is strong, so it can be guessed from one token",
            "32 random bytes or more for HS256: openssl rand -base64 48",
        );
    }
    Some(keys)
}

fn understood(value: Value<'_>, keys: Result<KeySet, KeySetError>, help: &str) -> Option<KeySet> {
    keys.inspect_err(|fault| value.fault(format!("the key set {fault}"), help))
        .ok()
}
