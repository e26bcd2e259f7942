//! `AuthService`: asks who a credential belongs to.

use super::answer;
use super::freshness;
use super::presented;
use super::settings::{AskMethod, HttpSettings};
use super::statuses::Meaning;
use crate::clock::Now;
use crate::fetch::{FetchError, FetchFault, FetchRequest, FetchResponse, Fetcher};
use crate::store::carried::SessionReader;
use crate::store::contract::{LookupError, ServerState, StoreError, StoreFault};
use crate::store::key::id_of;
use crate::store::session::{Carried, StoredSession};
use crate::token::{Credential, TokenDigest};
use async_trait::async_trait;
use http::header::ACCEPT;
use http::{HeaderValue, Method, StatusCode};
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::{info, warn};

/// An auth service, asked with one credential at a time and nothing else of the client's request: an answer is kept for
/// the credential, whatever request shows it next.
pub(in crate::store) struct AuthService {
    settings: HttpSettings,
    fetcher: Fetcher,
    /// The label of the source.
    name: String,
    up: AtomicBool,
}

impl AuthService {
    /// Connects nothing yet.
    pub(in crate::store) fn open(name: &str, settings: &HttpSettings) -> Self {
        Self {
            fetcher: Fetcher::new(settings.target.clone(), settings.limits),
            settings: settings.clone(),
            name: name.to_owned(),
            up: AtomicBool::new(true),
        }
    }

    async fn ask(&self, credential: &Credential) -> Result<FetchResponse, LookupError> {
        let (name, value) = presented::header(credential, &self.settings.tokens)?;
        let mut question = FetchRequest::new(match self.settings.method {
            AskMethod::Get => Method::GET,
            AskMethod::Head => Method::HEAD,
            AskMethod::Post => Method::POST,
        });
        for (name, value) in &self.settings.headers {
            let value = HeaderValue::from_str(value.expose());
            let value = value.map_err(|_| unavailable("a header of `http` is not sendable"))?;
            question = question.with_header(name.clone(), value);
        }
        question = question
            .with_header(ACCEPT, HeaderValue::from_static("application/json"))
            .with_header(name, value);
        let answer = self.fetcher.fetch(&question).await;
        answer.map_err(|error| LookupError::Store(told(error)))
    }

    fn understand(&self, answer: &FetchResponse) -> Result<Option<StoredSession>, LookupError> {
        match self.settings.statuses.meaning(answer.status) {
            Meaning::Invalid => return Ok(None),
            Meaning::Error => return Err(LookupError::Store(troubled(answer.status))),
            Meaning::Answer => {}
        }
        let Some(session) = answer::read(answer, &self.settings.answer)? else {
            return Ok(None);
        };
        let mut stored = StoredSession::new(session, None);
        stored.carried = Some(Carried::Vouched);
        stored.trust_for = freshness::of(&answer.headers, self.settings.cache_control);
        Ok(Some(stored))
    }

    /// Tells of every change, once.
    fn note(&self, seen: Result<(), &StoreError>) {
        let (source, service) = (&*self.name, self.fetcher.target());
        match seen {
            Ok(()) => {
                if !self.up.swap(true, Ordering::Relaxed) {
                    info!(source, %service, "the auth service answers again");
                }
            }
            // Of this node, and not of the service.
            Err(failure) if failure.kind == StoreFault::Overload => {}
            Err(failure) => {
                if self.up.swap(false, Ordering::Relaxed) {
                    warn!(source, %service, "the auth service cannot say: {failure}");
                }
            }
        }
    }
}

#[async_trait]
impl SessionReader for AuthService {
    async fn read(
        &self,
        credential: &Credential,
        _now: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        let answer = self.ask(credential).await;
        let understood = answer.and_then(|answer| self.understand(&answer));
        match &understood {
            Ok(_) | Err(LookupError::Broken(_)) => self.note(Ok(())),
            Err(LookupError::Store(failure)) => self.note(Err(failure)),
            Err(LookupError::Without(_)) => {}
        }
        understood
    }

    /// The id in a token, where the service's own Redis tells of ids.
    fn other_name(&self, credential: &Credential) -> Option<TokenDigest> {
        let is_told = self.settings.invalidated_by.is_some();
        is_told.then(|| TokenDigest::of(id_of(credential.token())))
    }

    /// Whether its last answer was one; true before it was ever asked.
    fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    fn servers(&self) -> Vec<ServerState> {
        vec![ServerState {
            address: self.fetcher.target().to_string(),
            up: self.is_up(),
        }]
    }
}

fn told(error: FetchError) -> StoreError {
    let kind = match error.kind {
        FetchFault::Io => StoreFault::Io,
        FetchFault::Timeout => StoreFault::Timeout,
        FetchFault::Overload => StoreFault::Overload,
        FetchFault::Protocol | FetchFault::TooLarge => StoreFault::Unavailable,
    };
    StoreError {
        kind,
        detail: error.detail,
    }
}

fn troubled(status: StatusCode) -> StoreError {
    unavailable(format!("the auth service answered {}", status.as_u16()))
}

fn unavailable(detail: impl Into<std::borrow::Cow<'static, str>>) -> StoreError {
    StoreError {
        kind: StoreFault::Unavailable,
        detail: detail.into(),
    }
}
