//! `VerifierSettings`: what a token must be and say. Each part refuses what would be unsafe, so the whole cannot be wrong.

use super::algorithm::Algorithms;
use std::time::Duration;
use thiserror::Error;

/// What one verifier demands of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSettings {
    /// How it may be signed; the token's own `alg` must be one of them.
    pub algorithms: Algorithms,
    /// `iss` must be one of these, byte for byte; empty: any issuer, the keys alone decide.
    pub issuers: Vec<String>,
    /// `aud` must name one of these, byte for byte; empty: any audience.
    pub audiences: Vec<String>,
    /// Whether a token may live for ever.
    pub expiry: Expiry,
    /// By how much the issuer's clock may differ from ours.
    pub leeway: Leeway,
    /// The longest token.
    pub max_token: TokenLimit,
}

impl VerifierSettings {
    /// Any issuer and audience; expiry required, 30 seconds of leeway, 8 KiB.
    #[must_use]
    pub fn new(algorithms: Algorithms) -> Self {
        Self {
            algorithms,
            issuers: Vec::new(),
            audiences: Vec::new(),
            expiry: Expiry::default(),
            leeway: Leeway::default(),
            max_token: TokenLimit::default(),
        }
    }
}

/// What a token without `exp` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Expiry {
    /// Refused.
    #[default]
    Required,
    /// Valid until it is revoked.
    Optional,
}

/// How long a token is still accepted after `exp`, and already before `nbf` and `iat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leeway(Duration);

impl Leeway {
    /// Clocks that differ by more are out of order (research/security.md 1.13).
    pub const MAX: Duration = Duration::from_secs(60);

    /// At most a minute.
    pub fn new(span: Duration) -> Result<Self, LeewayTooLong> {
        (span <= Self::MAX)
            .then_some(Self(span))
            .ok_or(LeewayTooLong)
    }

    /// The span.
    #[must_use]
    pub fn span(self) -> Duration {
        self.0
    }
}

impl Default for Leeway {
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

/// More leeway than clocks need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is longer than 60 s; set the clocks of the issuer and of this host by NTP instead")]
pub struct LeewayTooLong;

/// The longest token that is read, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLimit(usize);

impl TokenLimit {
    /// The largest limit.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// 1 to 16,384 bytes.
    pub fn new(bytes: usize) -> Result<Self, TokenLimitError> {
        (1..=Self::MAX_BYTES)
            .contains(&bytes)
            .then_some(Self(bytes))
            .ok_or(TokenLimitError)
    }

    /// The limit.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.0
    }
}

impl Default for TokenLimit {
    fn default() -> Self {
        Self(8 * 1024)
    }
}

/// A limit that is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must lie between 1 byte and 16 KiB")]
pub struct TokenLimitError;

#[cfg(test)]
mod tests {
    use super::{Leeway, LeewayTooLong, TokenLimit, TokenLimitError};
    use std::time::Duration;

    #[test]
    fn leeway_and_size_are_bounded() {
        let minute = Duration::from_secs(60);
        assert_eq!(Leeway::new(minute).map(Leeway::span), Ok(minute));
        let longer = minute + Duration::from_millis(1);
        assert_eq!(Leeway::new(longer), Err(LeewayTooLong));
        assert_eq!(TokenLimit::new(16_384).map(TokenLimit::bytes), Ok(16_384));
        for bytes in [0, 16_385] {
            assert_eq!(TokenLimit::new(bytes), Err(TokenLimitError), "{bytes}");
        }
    }
}
