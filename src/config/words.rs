//! The words of each choice and what they mean, for reading a file and for showing what is in force.

use crate::headers::AnonymousRole;
use crate::jwt::SigningAlgorithm;
use crate::observe::{AccessLog, LogFormat, LogLevel};
use crate::policy::{OnDisabled, OnInvalid};
use crate::route::{Credentials, Underscores};
use crate::store::{Invalidation, OnPush};
use crate::token::Duplicates;

pub(super) const DUPLICATES: [(&str, Duplicates); 2] =
    [("reject", Duplicates::Reject), ("first", Duplicates::First)];

pub(super) const ANONYMOUS_ROLE: [(&str, AnonymousRole); 2] = [
    ("overwrite", AnonymousRole::Overwrite),
    ("reject", AnonymousRole::Reject),
];

/// Whether stores push what changes.
pub(super) const INVALIDATION: [(&str, Invalidation); 3] = [
    ("tracking", Invalidation::Tracking),
    ("pubsub", Invalidation::PubSub),
    ("none", Invalidation::None),
];

pub(super) const ON_PUSH: [(&str, OnPush); 2] =
    [("drop", OnPush::Drop), ("suspect", OnPush::Suspect)];

pub(super) const INVALID: [(&str, OnInvalid); 2] = [
    ("anonymous", OnInvalid::Anonymous),
    ("reject", OnInvalid::Reject),
];

/// What a file may say; `OnDisabled::Invalid` is the authgear profile's own default.
pub(super) const DISABLED: [(&str, OnDisabled); 2] = [
    ("forward", OnDisabled::Forward),
    ("reject", OnDisabled::Reject),
];

pub(super) const CREDENTIALS: [(&str, Credentials); 2] =
    [("strip", Credentials::Strip), ("keep", Credentials::Keep)];

pub(super) const UNDERSCORES: [(&str, Underscores); 2] =
    [("drop", Underscores::Drop), ("pass", Underscores::Pass)];

pub(super) const SIGNING: [(&str, SigningAlgorithm); 2] = [
    ("ES256", SigningAlgorithm::Es256),
    ("EdDSA", SigningAlgorithm::EdDsa),
];

pub(super) const LEVELS: [(&str, LogLevel); 4] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
];

pub(super) const FORMATS: [(&str, LogFormat); 3] = [
    ("auto", LogFormat::Auto),
    ("json", LogFormat::Json),
    ("text", LogFormat::Text),
];

pub(super) const ACCESS: [(&str, AccessLog); 3] = [
    ("all", AccessLog::All),
    ("sampled", AccessLog::Sampled),
    ("none", AccessLog::None),
];

/// The word for a meaning; `None` for one that no file can ask for.
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], meaning: &T) -> Option<&'static str> {
    let (word, _) = words.iter().find(|(_, known)| known == meaning)?;
    Some(word)
}
