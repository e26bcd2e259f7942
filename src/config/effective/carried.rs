//! Sources without records in force.

use super::formats::{fields, path};
use super::http;
use super::redis::servers;
use super::sections::{REDACTED, cookie, set};
use crate::config::units::show_duration;
use crate::config::words::{self, word};
use crate::formats::cookie_session::CookieSession;
use crate::jwt::{Algorithm, Expiry, VerifierSettings};
use crate::store::{CarriedSettings, Content, Envelope, JwtSettings, KeySource, Proof};
use crate::token::CookieSource;
use serde_json::{Value, json};

/// What is believed, and where revocations are.
pub(super) fn section(carried: &CarriedSettings) -> Value {
    let mut section = match &carried.proof {
        Proof::Cookie(_) => json!({}),
        Proof::Http(settings) => json!({"http": http::section(settings)}),
        Proof::Jwt(settings) => json!({"jwt": jwt(settings)}),
    };
    if let Some(revoked) = &carried.revoked {
        set(&mut section, "revoked", servers(revoked));
    }
    section
}

fn jwt(settings: &JwtSettings) -> Value {
    let verifier = &settings.verifier;
    let mut section = json!({
        "algorithms": words_of(verifier),
        "issuer": verifier.issuers,
        "audience": verifier.audiences,
        "leeway": show_duration(verifier.leeway.span()),
        "map": fields(&settings.map),
    });
    if verifier.expiry == Expiry::Optional {
        set(&mut section, "no_expiry", "allow".into());
    }
    match &settings.keys {
        KeySource::Fixed(_) if verifier.algorithms.shortest_secret_bytes().is_some() => {
            set(&mut section, "secret", REDACTED.into());
        }
        KeySource::Fixed(_) => set(&mut section, "public_key", REDACTED.into()),
        KeySource::Remote(target, refresh) => {
            let jwks = json!({
                "url": target.to_string(),
                "refresh": show_duration(refresh.refresh()),
                "timeout": show_duration(refresh.timeout()),
            });
            set(&mut section, "jwks", jwks);
        }
    }
    section
}

fn words_of(verifier: &VerifierSettings) -> Vec<&'static str> {
    verifier.algorithms.iter().map(Algorithm::as_str).collect()
}

/// One `cookie_session` of `token:`.
pub(super) fn cookie_session(source: &CookieSource, envelope: &Envelope) -> Value {
    let mut section = cookie(source);
    match &envelope.session {
        CookieSession::Unsigned => set(&mut section, "unsigned", true.into()),
        CookieSession::Signed { digest, .. } => {
            set(&mut section, "keys", REDACTED.into());
            set(&mut section, "digest", word(&words::DIGEST, digest).into());
        }
    }
    match &envelope.content {
        Content::Token(at) => set(&mut section, "jwt", path(at)),
        Content::Fields(map) => set(&mut section, "map", Value::Object(fields(map))),
    }
    section
}
