//! `Unusable`: why a credential that was shown cannot name a session.

/// The credential counts as invalid, never as absent (design section 1, step 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unusable {
    /// It is empty, too long, or holds bytes that no token has.
    Malformed,
    /// It was shown with different values (design rule R11).
    Ambiguous,
}

impl Unusable {
    /// The label in metrics and the access log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Ambiguous => "ambiguous",
        }
    }
}
