//! `CarriedSettings`: how a credential proves itself, and where it is kept that it does no longer.

use super::envelope::Envelope;
use super::jwt_settings::JwtSettings;
use crate::store::http::HttpSettings;
use crate::store::settings::RedisSettings;

/// A source without records of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct CarriedSettings {
    /// What is believed.
    pub proof: Proof,
    /// `revoked:` where revocations and users' marks are; `None`: in this process alone, for as long as it runs.
    pub revoked: Option<RedisSettings>,
}

/// One variant per kind of proof, chosen in YAML by its key.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// The cookie itself is the session: one envelope for each place of the source's `token:` list.
    Cookie(Vec<Envelope>),
    /// `http:` an auth service vouches for it.
    Http(Box<HttpSettings>),
    /// `jwt:` a signed token.
    Jwt(Box<JwtSettings>),
}

impl Proof {
    /// Its word in status.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Cookie(_) => "cookie_session",
            Self::Http(_) => "http",
            Self::Jwt(_) => "jwt",
        }
    }

    /// The signed cookie at this place of the source's `token:` list, if it is one.
    #[must_use]
    pub fn envelope(&self, place: usize) -> Option<&Envelope> {
        match self {
            Self::Cookie(envelopes) => envelopes.get(place),
            Self::Http(_) => None,
            Self::Jwt(settings) => settings.envelopes.get(place)?.as_ref(),
        }
    }
}
