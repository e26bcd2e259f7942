//! `Wanted`: which session is to be loaded.

use crate::store::SessionKey;
use crate::token::{Credential, TokenDigest};

#[derive(Clone)]
pub(super) enum Wanted {
    /// That of a credential.
    Shown(Credential),
    /// That whose record has just been written.
    Touched(SessionKey),
}

impl Wanted {
    pub(super) fn session(&self) -> TokenDigest {
        match self {
            Self::Shown(credential) => credential.digest(),
            Self::Touched(session) => session.digest,
        }
    }
}
