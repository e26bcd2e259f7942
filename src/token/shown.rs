//! `Shown`: a credential as the request holds it, borrowed.

use super::digest::TokenDigest;

/// What one source found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a> {
    /// At most 8 KiB of visible ASCII.
    pub token: &'a str,
    /// What stands in a second cookie and signs the first.
    pub signature: Option<&'a str>,
}

impl<'a> Shown<'a> {
    /// A token that stands alone.
    #[must_use]
    pub fn plain(token: &'a str) -> Self {
        Self {
            token,
            signature: None,
        }
    }

    /// Of all that was shown (design section 7): the same cookie under another signature is another credential. For a
    /// token that stands alone, its SHA-256.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        match self.signature {
            None => TokenDigest::of(self.token),
            Some(signature) => TokenDigest::of_signed(self.token, signature),
        }
    }
}

/// Never shows the token (design rule R13).
impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(***)")
    }
}
