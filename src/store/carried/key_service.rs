//! `KeyService`: fetches the keys that an issuer publishes, for as long as a source lives.

use crate::fetch::{FetchLimits, FetchRequest, FetchTarget, Fetcher};
use crate::jwt::{FetchFuture, FetchedKeys, KeyRefresh, RefreshSettings, RemoteKeys};
use crate::store::owned_task::OwnedTask;
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Not begun, or a task that ends with it.
pub(super) struct KeyService {
    target: FetchTarget,
    state: Mutex<State>,
}

enum State {
    Idle(KeyRefresh),
    Running(#[expect(dead_code, reason = "ends when it is dropped")] OwnedTask),
    /// Between the two, for no longer than a call.
    Starting,
}

impl KeyService {
    /// The keys of a source, and what fetches them once it is started.
    pub(super) fn open(
        name: &str,
        target: &FetchTarget,
        settings: &RefreshSettings,
    ) -> (Arc<RemoteKeys>, Self) {
        let limits = FetchLimits {
            total: settings.timeout(),
            max_in_flight: 1,
            ..FetchLimits::default()
        };
        let fetcher = Arc::new(Fetcher::new(target.clone(), limits));
        let fetch = Box::new(move || -> FetchFuture {
            let fetcher = Arc::clone(&fetcher);
            Box::pin(async move { fetch(&fetcher).await })
        });
        let (keys, refresh) = RemoteKeys::new(name, settings.clone(), fetch);
        let service = Self {
            target: target.clone(),
            state: Mutex::new(State::Idle(refresh)),
        };
        (Arc::new(keys), service)
    }

    pub(super) fn target(&self) -> &FetchTarget {
        &self.target
    }

    /// Begins to fetch in the current tokio runtime; again changes nothing.
    pub(super) fn start(&self) {
        // Nothing under this lock can leave it half changed.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, State::Idle(_)) {
            return;
        }
        if let State::Idle(refresh) = std::mem::replace(&mut *state, State::Starting) {
            *state = State::Running(OwnedTask::spawn(refresh.run()));
        }
    }
}

async fn fetch(fetcher: &Fetcher) -> Result<FetchedKeys, String> {
    let accept = HeaderValue::from_static("application/jwk-set+json, application/json");
    let request = FetchRequest::get().with_header(ACCEPT, accept);
    let answer = fetcher
        .fetch(&request)
        .await
        .map_err(|fault| fault.to_string())?;
    if answer.status != StatusCode::OK {
        return Err(format!(
            "was answered with status {}",
            answer.status.as_u16()
        ));
    }
    Ok(FetchedKeys {
        max_age: max_age(&answer.headers),
        body: answer.body,
    })
}

/// RFC 9111 §5.2.2.1; the first that can be read.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter();
    let directives = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    directives
        .filter_map(|directive| directive.trim().split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("max-age"))
        .find_map(|(_, seconds)| seconds.trim_matches('"').parse().ok())
        .map(Duration::from_secs)
}
