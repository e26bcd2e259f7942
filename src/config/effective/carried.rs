//! Sources without records in force.

use super::configuration::{REDACTED, cookie, set};
use super::formats::{fields, path};
use super::redis::servers;
use crate::config::words::{self, word};
use crate::formats::cookie_session::CookieSession;
use crate::store::{CarriedSettings, Content, Envelope, Proof, StoreSettings};
use crate::token::CookieSource;
use serde_json::{Value, json};

/// What is believed, and where revocations are.
pub(super) fn section(carried: &CarriedSettings) -> Value {
    let mut section = match &carried.proof {
        Proof::Cookie(_) => json!({}),
    };
    if let Some(revoked) = &carried.revoked {
        set(&mut section, "revoked", servers(revoked));
    }
    section
}

/// The envelope at a place of `token:`.
pub(super) fn envelope(store: &StoreSettings, place: usize) -> Option<&Envelope> {
    let StoreSettings::Carried(carried) = store else {
        return None;
    };
    carried.proof.envelope(place)
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
