//! `JwtReader`: sessions that are signed tokens.

use super::envelope::{Content, token_at};
use super::jwt_settings::{JwtSettings, KeySource};
use super::key_service::KeyService;
use super::reader::SessionReader;
use crate::clock::{Now, UnixMillis};
use crate::jwt::{Claims, Keys, UnfitKeys, Verifier, VerifyError};
use crate::store::contract::{LookupError, NoSession, ServerState, StoreError, StoreFault};
use crate::store::session::{Carried, StoredSession};
use crate::token::{Credential, Flaw, FlawKind};
use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;

/// A verifier, and what keeps its keys fresh.
pub(in crate::store) struct JwtReader {
    settings: JwtSettings,
    verifier: Verifier,
    service: Option<KeyService>,
}

impl JwtReader {
    /// Fetches nothing yet.
    ///
    /// # Errors
    /// When no key is for any of the algorithms.
    pub(in crate::store) fn new(name: &str, settings: &JwtSettings) -> Result<Self, UnfitKeys> {
        let (keys, service) = match &settings.keys {
            KeySource::Fixed(keys) => (Keys::Fixed(keys.clone()), None),
            KeySource::Remote(target, refresh) => {
                let (keys, service) = KeyService::open(name, target, refresh);
                (Keys::Remote(keys), Some(service))
            }
        };
        Ok(Self {
            verifier: Verifier::new(settings.verifier.clone(), keys)?,
            settings: settings.clone(),
            service,
        })
    }

    async fn claims(&self, credential: &Credential, at: UnixMillis) -> Result<Claims, LookupError> {
        let place = credential.place().unwrap_or_default();
        let envelope = self.settings.envelopes.get(place).and_then(Option::as_ref);
        let verified = match envelope {
            None => self.verifier.verify(credential.token(), at).await,
            Some(envelope) => {
                let cookie = envelope.open(credential)?;
                let Content::Token(path) = &envelope.content else {
                    return Err(NoSession::Guest.into());
                };
                self.verifier.verify(token_at(path, &cookie)?, at).await
            }
        };
        verified.map_err(|fault| match fault {
            VerifyError::Flawed(flaw) => NoSession::Flawed(flaw).into(),
            VerifyError::KeysUnavailable(fault) => LookupError::Store(StoreError {
                kind: StoreFault::Unavailable,
                detail: fault.to_string().into(),
            }),
        })
    }
}

#[async_trait]
impl SessionReader for JwtReader {
    async fn start(&self) {
        if let Some(service) = &self.service {
            service.start();
        }
    }

    async fn read(
        &self,
        credential: &Credential,
        now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        self.start().await;
        let claims = self.claims(credential, now.wall).await?;
        let members = Value::Object(claims.members);
        let Some(mut session) = self.settings.map.read(&members)? else {
            let flaw = Flaw::new(
                FlawKind::Claims,
                "it names no user where `map` looks for one",
            );
            return Err(NoSession::Flawed(flaw).into());
        };
        let issued = claims.issued_at.and_then(moment);
        session.created_at = session.created_at.or(issued);
        let mut stored = StoredSession::new(session, claims.expires_at);
        stored.carried = Some(Carried::Proven {
            token_id: claims.id,
        });
        Ok(Some(stored))
    }

    fn is_up(&self) -> bool {
        self.verifier
            .remote()
            .is_none_or(|keys| keys.report().usable > 0)
    }

    fn servers(&self) -> Vec<ServerState> {
        let service = self.service.iter();
        let state = |service: &KeyService| ServerState {
            address: service.target().to_string(),
            up: self.is_up(),
        };
        service.map(state).collect()
    }
}

fn moment(at: UnixMillis) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).ok()
}
