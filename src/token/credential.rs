//! `Credential`: a token as the client showed it, owned.

use super::digest::TokenDigest;
use super::shown::Shown;
use crate::secret::Secret;
use std::fmt;

/// An owned token with its digest, made only when a lookup leaves the cache.
#[derive(Clone)]
pub struct Credential {
    token: Secret<String>,
    signature: Option<Secret<String>>,
    digest: TokenDigest,
    place: Option<usize>,
}

impl Credential {
    /// A token that no request has shown; digests it.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self {
            token: Secret::new(token.to_owned()),
            signature: None,
            digest: TokenDigest::of(token),
            place: None,
        }
    }

    /// What was shown, at this position of its source's `token:` list, and the digest already computed for it.
    #[must_use]
    pub fn shown(shown: Shown<'_>, digest: TokenDigest, place: usize) -> Self {
        let signature = shown.signature.map(str::to_owned);
        Self {
            token: Secret::new(shown.token.to_owned()),
            signature: signature.map(Secret::new),
            digest,
            place: Some(place),
        }
    }

    /// The token, for the store key alone.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.expose()
    }

    /// What signs it, where that stands apart.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.signature
            .as_ref()
            .map(|signature| signature.expose().as_str())
    }

    /// Where it was shown: the position in its source's `token:` list.
    #[must_use]
    pub fn place(&self) -> Option<usize> {
        self.place
    }

    /// SHA-256 of all that was shown.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        self.digest
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.digest.sid())
    }
}

#[cfg(test)]
mod tests {
    use super::Credential;

    #[test]
    fn debug_shows_the_sid_and_no_token() {
        let shown = format!("{:?}", Credential::new("very-secret-token"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
