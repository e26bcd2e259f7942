//! `JwtSettings`: which signed tokens are believed, and what of them is the session.

use super::envelope::Envelope;
use crate::fetch::FetchTarget;
use crate::jwt::{KeySet, RefreshSettings, VerifierSettings};
use crate::store::foreign::FieldMap;

/// `jwt:` of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct JwtSettings {
    /// What a token must be and say.
    pub verifier: VerifierSettings,
    /// Who signs.
    pub keys: KeySource,
    /// Which claims say what.
    pub map: FieldMap,
    /// For each place of the source's `token:` list the cookie that the token stands in, if it is in one.
    pub envelopes: Vec<Option<Envelope>>,
}

/// Where the keys come from.
#[derive(Clone, Debug, PartialEq)]
pub enum KeySource {
    /// A file or a secret, read at load.
    Fixed(KeySet),
    /// `jwks:` published by the issuer.
    Remote(FetchTarget, RefreshSettings),
}
