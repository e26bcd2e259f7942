//! `Asserter`: says who the caller is in a signed token, so that a service need not trust the network.

use super::assertion_slots::{Due, Signed};
use super::identity::Identity;
use crate::clock::UnixMillis;
use crate::headers::HeaderPlan;
use crate::jwt::{SigningError, SigningKey, public_key_set};
use crate::token::Sid;
use bytes::Bytes;
use http::HeaderValue;
use prometheus::IntCounter;
use serde::Serialize;
use std::time::Duration;

/// `assertion:`.
#[derive(Clone, Debug, PartialEq)]
pub struct AssertionSettings {
    /// `iss`: 1 to 256 bytes of visible ASCII.
    pub issuer: String,
    /// At least one: the first signs, all are published.
    pub keys: Vec<SigningKey>,
    /// From issue to end, but for sessions that end before.
    pub lifetime: Duration,
    /// The header of routes that name none.
    pub header: String,
}

/// Signs for the audiences of all plans. A token is signed once per session and audience, and again when half of its life
/// is over.
pub struct Asserter {
    issuer: String,
    key: SigningKey,
    lifetime: Duration,
    audiences: Box<[Box<str>]>,
    /// For each plan the position of its audience, if it has one.
    audience_of: Box<[Option<usize>]>,
    /// What others check the tokens with.
    key_set: Bytes,
    signed: IntCounter,
}

/// RFC 7519 §4.1, RFC 9068 §2.2.3.1. What depends on a request, such as the role that it asks for, is not in it.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: u64,
    exp: u64,
    sid: String,
    roles: Vec<&'a str>,
    verified: bool,
    disabled: bool,
}

impl Asserter {
    /// For these plans; `signed` counts signatures. `None` without a key.
    #[must_use]
    pub fn new(
        settings: &AssertionSettings,
        plans: &[HeaderPlan],
        signed: IntCounter,
    ) -> Option<Self> {
        let mut audiences: Vec<Box<str>> = Vec::new();
        let audience_of = plans.iter().map(|plan| {
            let audience = &plan.assertion()?.audience;
            let known = audiences.iter().position(|known| known == audience);
            Some(known.unwrap_or_else(|| {
                audiences.push(audience.clone());
                audiences.len() - 1
            }))
        });
        let audience_of = audience_of.collect();
        Some(Self {
            issuer: settings.issuer.clone(),
            key: settings.keys.first()?.clone(),
            lifetime: settings.lifetime,
            audiences: audiences.into(),
            audience_of,
            key_set: public_key_set(settings.keys.iter().map(SigningKey::public))
                .to_string()
                .into(),
            signed,
        })
    }

    /// The published keys, as JSON (RFC 7517 §5).
    #[must_use]
    pub fn key_set(&self) -> &Bytes {
        &self.key_set
    }

    /// The token that tells the service of a plan about this session; `None` if the plan has no assertion. Signs only if
    /// the last one is used up.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn token(
        &self,
        plan: usize,
        identity: &Identity,
        sid: Sid,
        now: UnixMillis,
    ) -> Result<Option<HeaderValue>, SigningError> {
        let slot = self.audience_of.get(plan).copied().flatten();
        let Some((slot, audience)) = slot.and_then(|at| Some((at, self.audiences.get(at)?))) else {
            return Ok(None);
        };
        let due = self.due(identity, now);
        let kept = identity.assertions();
        if let Some(held) = kept.and_then(|slots| slots.find(slot, &due)) {
            return Ok(Some(held));
        }
        let signed = self.sign(audience, identity, sid, &due)?;
        let value = signed.value.clone();
        if let Some(slots) = kept {
            slots.keep(slot, self.audiences.len(), signed);
        }
        Ok(Some(value))
    }

    /// R8: no token outlives its session. Rounded down, as claims are whole seconds.
    fn due(&self, identity: &Identity, now: UnixMillis) -> Due {
        let (end, session_ends_at) = (now.after(self.lifetime), identity.ends_at());
        Due {
            now,
            lifetime: self.lifetime,
            expires_at: whole(session_ends_at.map_or(end, |session| session.min(end))),
            session_ends_at,
        }
    }

    fn sign(
        &self,
        audience: &str,
        identity: &Identity,
        sid: Sid,
        due: &Due,
    ) -> Result<Signed, SigningError> {
        let claims = Claims {
            iss: &self.issuer,
            aud: audience,
            sub: identity.user_id(),
            iat: due.now.0 / 1_000,
            exp: due.expires_at.0 / 1_000,
            sid: sid.to_string(),
            roles: identity.roles().collect(),
            verified: identity.verified,
            disabled: identity.disabled,
        };
        let token = self.key.sign(&claims)?;
        let mut value = HeaderValue::try_from(token).map_err(|_| SigningError)?;
        value.set_sensitive(true);
        self.signed.inc();
        Ok(Signed {
            value,
            issued_at: whole(due.now),
            expires_at: due.expires_at,
        })
    }
}

fn whole(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0 / 1_000 * 1_000)
}
