//! The words of each choice and what they mean, for reading a file and for showing what is in force.

use crate::formats::HmacDigest;
use crate::formats::handle::{Decode, LaravelCipher, Transform};
use crate::headers::AnonymousRole;
use crate::jwt::SigningAlgorithm;
use crate::observe::{AccessLog, LogFormat, LogLevel};
use crate::policy::{OnDisabled, OnInvalid};
use crate::route::{Credentials, Underscores};
use crate::store::{AskMethod, CacheControl, Invalidation, Meaning, OnPush, Preset};
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

/// Whose answers an auth service gives.
pub(super) const PRESETS: [(&str, Preset); 7] = [
    ("skygear", Preset::Skygear),
    ("authgear", Preset::Authgear),
    ("remote_user", Preset::RemoteUser),
    ("kratos", Preset::Kratos),
    ("oathkeeper", Preset::Oathkeeper),
    ("headers", Preset::Headers),
    ("json", Preset::Json),
];

pub(super) const ASK_METHODS: [(&str, AskMethod); 3] = [
    ("GET", AskMethod::Get),
    ("HEAD", AskMethod::Head),
    ("POST", AskMethod::Post),
];

pub(super) const CACHE_CONTROL: [(&str, CacheControl); 2] = [
    ("heed", CacheControl::Heed),
    ("ignore", CacheControl::Ignore),
];

/// What the status of an answer means.
pub(super) const MEANINGS: [(&str, Meaning); 3] = [
    ("session", Meaning::Answer),
    ("invalid", Meaning::Invalid),
    ("error", Meaning::Error),
];

/// How a handle is written in a cookie.
pub(super) const DECODE: [(&str, Decode); 3] = [
    ("percent", Decode::Percent),
    ("base64", Decode::Base64),
    ("base64url", Decode::Base64Url),
];

/// How a handle is signed; with which secrets stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// Not at all.
    None,
    /// `s:<id>.<signature>`.
    Express,
    /// `<value>.<signature>`, in base64.
    SignedValue,
    /// `<value>.<signature>`, in base64url; an application may leave it out.
    ItsDangerous,
    /// Encrypted.
    Laravel,
}

pub(super) const SIGNATURE: [(&str, Signing); 5] = [
    ("none", Signing::None),
    ("express", Signing::Express),
    ("value", Signing::SignedValue),
    ("itsdangerous", Signing::ItsDangerous),
    ("laravel", Signing::Laravel),
];

/// What a framework makes of the id for its store.
pub(super) const TRANSFORM: [(&str, Transform); 3] = [
    ("none", Transform::None),
    ("sha256", Transform::Sha256),
    ("rack", Transform::RackPrivateId),
];

/// The hash under an HMAC.
pub(super) const DIGEST: [(&str, HmacDigest); 3] = [
    ("sha1", HmacDigest::Sha1),
    ("sha256", HmacDigest::Sha256),
    ("sha512", HmacDigest::Sha512),
];

/// How Laravel encrypts its cookies.
pub(super) const CIPHER: [(&str, LaravelCipher); 4] = [
    ("aes-256-cbc", LaravelCipher::Aes256Cbc),
    ("aes-128-cbc", LaravelCipher::Aes128Cbc),
    ("aes-256-gcm", LaravelCipher::Aes256Gcm),
    ("aes-128-gcm", LaravelCipher::Aes128Gcm),
];

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
