//! `HmacDigest`: the hash under an HMAC that another framework made.

use ring::{digest, hmac};

/// Frameworks that sign with SHA-1 do so for HMAC alone, where its collisions do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HmacDigest {
    /// What keygrip and itsdangerous take unless told otherwise.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl HmacDigest {
    pub(super) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    pub(super) fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }
}
