//! `CarriedSettings`: how a credential proves itself, and where it is kept that it does no longer.

use crate::store::settings::RedisSettings;

/// A source without records of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct CarriedSettings {
    /// What is believed.
    pub proof: Proof,
    /// `revoked:` where revocations and users' marks are; `None`: in this process alone, for as long as it runs.
    pub revoked: Option<RedisSettings>,
}

/// One variant per kind of proof, chosen in YAML by its key.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {}
