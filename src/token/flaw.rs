//! `Flaw`: what is wrong with a credential that carries its own proof.

use std::borrow::Cow;
use std::fmt;

/// Why a credential was read and is not believed. It counts as invalid, never as absent; nobody else was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The label in metrics and the access log.
    pub kind: FlawKind,
    /// For `explain` and the debug log: names parts and rules, holds neither the credential nor its values.
    pub detail: Cow<'static, str>,
}

/// Kinds of flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FlawKind {
    /// It has not the shape of its kind.
    Malformed,
    /// No key that is configured for it has signed it, or not with an allowed algorithm.
    Signature,
    /// Its own end has passed.
    Expired,
    /// It is signed and does not say what is required: issuer, audience, time of begin, a claim of a wrong type.
    Claims,
}

impl Flaw {
    /// `detail` must not hold anything of the credential's own text.
    pub fn new(kind: FlawKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl FlawKind {
    /// The label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::Claims => "claims",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.detail)
    }
}

impl std::error::Error for Flaw {}
