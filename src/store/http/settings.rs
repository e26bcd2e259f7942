//! `HttpSettings`: which service is asked, in what way, and how its answers are read. Pure data.

use super::answer_map::AnswerMap;
use super::presets::Preset;
use super::statuses::Statuses;
use crate::fetch::FetchLimits;
use crate::fetch::FetchTarget;
use crate::secret::Secret;
use crate::store::settings::RedisSettings;
use crate::token::TokenSource;
use http::HeaderName;

/// An auth service.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpSettings {
    /// The endpoint that resolves a credential.
    pub target: FetchTarget,
    /// How it is asked; never the method of the client's request.
    pub method: AskMethod,
    /// Sent with every question, beside the credential.
    pub headers: Vec<(HeaderName, Secret<String>)>,
    /// The `token:` list of the source: a credential is shown to the service as it was shown to us.
    pub tokens: Vec<TokenSource>,
    /// Whose answers these are.
    pub preset: Preset,
    /// How they are read: what the preset says, and what the file says over it.
    pub answer: AnswerMap,
    /// What their statuses mean.
    pub statuses: Statuses,
    /// Whether `Cache-Control` of an answer bounds how long it is believed.
    pub cache_control: CacheControl,
    /// Patience, sizes, questions at a time.
    pub limits: FetchLimits,
    /// The service's own Redis, followed to learn of sessions that have ended.
    pub invalidated_by: Option<RedisSettings>,
}

/// How a question is asked. None has a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AskMethod {
    /// `GET`.
    #[default]
    Get,
    /// `HEAD`, for answers that are headers alone.
    Head,
    /// `POST`; never asked a second time when a connection is lost.
    Post,
}

/// Whether an answer's `Cache-Control` is heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CacheControl {
    /// An answer that may not be stored is asked for again with every request.
    #[default]
    Heed,
    /// For services that mark every answer `no-store` without meaning sessions.
    Ignore,
}
