//! `Message`: what was said on `sessiongate:events`.

use super::revocation::{NotARevocation, Revocation};
use crate::clock::UnixMillis;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A revocation, or something that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for the same text.
    pub(super) fingerprint: u64,
    /// What it says.
    pub meaning: Result<Revocation, NotARevocation>,
}

impl Message {
    /// Reads the text of one.
    #[must_use]
    pub fn read(text: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self {
            fingerprint: hasher.finish(),
            meaning: Revocation::parse(text),
        }
    }

    /// With a moment for all of a user, if it names none.
    #[must_use]
    pub(super) fn heard_at(&self, now: UnixMillis) -> Self {
        Self {
            fingerprint: self.fingerprint,
            meaning: self.meaning.clone().map(|revocation| revocation.by(now)),
        }
    }
}
