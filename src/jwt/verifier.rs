//! `Verifier`: a token in, its claims or what is wrong with it out.

use super::claims::Claims;
use super::compact::Compact;
use super::key_set::{KeyMatch, KeySet};
use super::remote::{KeysUnavailable, RemoteKeys};
use super::settings::VerifierSettings;
use crate::clock::UnixMillis;
use crate::token::{Flaw, FlawKind};
use std::sync::Arc;
use thiserror::Error;

/// Checks tokens of one issuer.
#[derive(Debug)]
pub struct Verifier {
    settings: VerifierSettings,
    keys: Keys,
}

/// Where the keys come from.
#[derive(Debug)]
pub enum Keys {
    /// The configuration holds them.
    Fixed(KeySet),
    /// The issuer publishes them.
    Remote(Arc<RemoteKeys>),
}

/// Why there are no claims.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The token is invalid.
    #[error(transparent)]
    Flawed(#[from] Flaw),
    /// Nobody can say.
    #[error(transparent)]
    KeysUnavailable(#[from] KeysUnavailable),
}

/// Not one key could ever check a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("holds no key for any of the algorithms; name the algorithms that its keys are for")]
pub struct UnfitKeys;

impl Verifier {
    /// Refuses keys that fit none of the algorithms. Fetched keys cannot be known yet.
    pub fn new(settings: VerifierSettings, keys: Keys) -> Result<Self, UnfitKeys> {
        match &keys {
            Keys::Fixed(set) if !set.fits(&settings.algorithms) => Err(UnfitKeys),
            Keys::Fixed(_) | Keys::Remote(_) => Ok(Self { settings, keys }),
        }
    }

    /// The settings it was made with.
    #[must_use]
    pub fn settings(&self) -> &VerifierSettings {
        &self.settings
    }

    /// How fetched keys stand; `None` for keys of the configuration.
    #[must_use]
    pub fn remote(&self) -> Option<&Arc<RemoteKeys>> {
        match &self.keys {
            Keys::Fixed(_) => None,
            Keys::Remote(remote) => Some(remote),
        }
    }

    /// Form, algorithm, signature, claims, in this order: nothing that is not signed is read further than its header.
    ///
    /// Waits for fetched keys alone, for a few seconds at most; may be dropped at any time.
    pub async fn verify(&self, token: &str, now: UnixMillis) -> Result<Claims, VerifyError> {
        let compact = Compact::read(token, self.settings.max_token)?;
        if !self.settings.algorithms.allow(compact.header.algorithm) {
            return Err(unsigned("its `alg` is not allowed").into());
        }
        match self.find_signer(&compact).await? {
            KeyMatch::Signed => {}
            KeyMatch::Forged => {
                return Err(unsigned("the key it names has not signed it").into());
            }
            KeyMatch::Unknown => return Err(unsigned("no known key has signed it").into()),
        }
        let payload = compact.payload()?;
        Ok(Claims::read(&payload, &self.settings, now)?)
    }

    async fn find_signer(&self, compact: &Compact<'_>) -> Result<KeyMatch, KeysUnavailable> {
        let remote = match &self.keys {
            Keys::Fixed(set) => return Ok(try_keys(set, compact)),
            Keys::Remote(remote) => remote,
        };
        let keys = remote.keys().await?;
        let found = try_keys(&keys, compact);
        if found != KeyMatch::Unknown {
            return Ok(found);
        }
        let newer = remote.newer(&keys).await?;
        Ok(newer.map_or(found, |newer| try_keys(&newer, compact)))
    }
}

fn try_keys(keys: &KeySet, compact: &Compact<'_>) -> KeyMatch {
    keys.find_signer(
        compact.header.key_id.as_deref(),
        compact.header.algorithm,
        compact.signed.as_bytes(),
        &compact.signature,
    )
}

fn unsigned(detail: &'static str) -> Flaw {
    Flaw::new(FlawKind::Signature, detail)
}
