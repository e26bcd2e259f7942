//! `CarriedSettings`: how a credential proves itself, and where it is kept that it does no longer.

use super::envelope::Envelope;
use super::jwt_settings::JwtSettings;
use crate::store::http::HttpSettings;
use crate::store::settings::{Invalidation, RedisSettings};

/// A source without records of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct CarriedSettings {
    /// What is believed.
    pub proof: Proof,
    /// `revoked:` where revocations and users' marks are; `None`: in this process alone, for as long as it runs.
    pub revoked: Option<RedisSettings>,
}

impl CarriedSettings {
    /// Whether anybody is to tell of changes: of revocations, or of sessions that end at the service which is asked.
    #[must_use]
    pub fn expects_changes(&self) -> bool {
        self.expects_marks() || self.proof.invalidated_by().is_some()
    }

    /// The same, of revocations alone.
    #[must_use]
    pub fn expects_marks(&self) -> bool {
        let revoked = self.revoked.as_ref();
        revoked.is_some_and(|redis| redis.invalidation != Invalidation::None)
    }
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

    /// The Redis of the service that is asked, if it is followed.
    #[must_use]
    pub fn invalidated_by(&self) -> Option<&RedisSettings> {
        match self {
            Self::Http(settings) => settings.invalidated_by.as_ref(),
            Self::Cookie(_) | Self::Jwt(_) => None,
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
