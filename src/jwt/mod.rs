//! Signed tokens: checked against configured keys, never against what the token says of itself (RFC 7515, 7519, 8725).

mod algorithm;
mod claims;
mod compact;
mod header;
mod jwk;
mod key;
mod key_set;
mod known;
mod object;
mod pem;
mod public_jwk;
mod refresh;
mod remote;
mod settings;
mod signing_key;
mod verifier;

pub use algorithm::{Algorithm, Algorithms, AlgorithmsError, UnknownAlgorithm};
pub use claims::Claims;
pub use compact::has_compact_form;
pub use key::KeyFault;
pub use key_set::{KeySet, KeySetError, SkippedKey};
pub use known::KeyFetchError;
pub use public_jwk::{PublicJwk, public_key_set};
pub use refresh::{
    FetchFuture, FetchKeys, FetchedKeys, KeyRefresh, RefreshOutOfRange, RefreshSettings,
};
pub use remote::{KeysReport, KeysUnavailable, RemoteKeys};
pub use settings::{Expiry, Leeway, LeewayTooLong, TokenLimit, TokenLimitError, VerifierSettings};
pub use signing_key::{SigningAlgorithm, SigningError, SigningKey, SigningKeyError};
pub use verifier::{Keys, UnfitKeys, Verifier, VerifyError};

#[cfg(test)]
mod tests;
