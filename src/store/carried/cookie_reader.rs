//! `CookieReader`: sessions that are kept in a signed cookie (seed 001: cookie-session).

use super::envelope::{Content, Envelope};
use super::reader::SessionReader;
use crate::clock::Now;
use crate::store::contract::{LookupError, NoSession};
use crate::store::session::{Carried, StoredSession};
use crate::token::Credential;
use async_trait::async_trait;

/// One envelope for each place of the source's `token:` list.
pub(in crate::store) struct CookieReader(Vec<Envelope>);

impl CookieReader {
    pub(in crate::store) fn new(envelopes: Vec<Envelope>) -> Self {
        Self(envelopes)
    }
}

#[async_trait]
impl SessionReader for CookieReader {
    async fn read(
        &self,
        credential: &Credential,
        _now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        let place = credential.place().unwrap_or_default();
        let Some(envelope) = self.0.get(place) else {
            return Ok(None);
        };
        let cookie = envelope.open(credential)?;
        let Content::Fields(map) = &envelope.content else {
            return Ok(None);
        };
        let session = map.read(&cookie)?.ok_or(NoSession::Guest)?;
        let mut stored = StoredSession::new(session, None);
        stored.carried = Some(Carried::Proven { token_id: None });
        Ok(Some(stored))
    }
}
