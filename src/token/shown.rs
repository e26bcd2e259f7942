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

    /// Of all that was shown (design section 7), for a token that stands alone its SHA-256. A cookie that is signed, or
    /// holds another token, is bound to its name: the same text in another place, or under another signature, has to
    /// prove itself anew.
    #[must_use]
    pub fn digest(&self, bound_to: Option<&str>) -> TokenDigest {
        match bound_to {
            None => TokenDigest::of(self.token),
            Some(name) => TokenDigest::of_cookie(name, self.token, self.signature),
        }
    }
}

/// Never shows the token (design rule R13).
impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;
    use crate::token::TokenDigest;
    use std::collections::BTreeSet;

    #[test]
    fn one_text_is_as_many_credentials_as_it_has_meanings() {
        let plain = Shown::plain("v");
        let signed = |signature| Shown {
            token: "v",
            signature: Some(signature),
        };
        let digests = [
            plain.digest(None),
            plain.digest(Some("a")),
            plain.digest(Some("b")),
            signed("s").digest(Some("a")),
            signed("s").digest(Some("b")),
            signed("t").digest(Some("a")),
        ];
        assert_eq!(BTreeSet::from(digests).len(), digests.len());
        assert_eq!(plain.digest(None), TokenDigest::of("v"));
    }
}
