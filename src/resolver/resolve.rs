//! `Resolver`: from a shown token to who the caller is. The only place where cache and stores meet.

use super::resolution::{Resolution, Resolved, Tier};
use super::source::Source;
use super::subscription::Subscription;
use crate::cache::{CacheKey, Loaded, Lookup, SessionCache};
use crate::clock::Now;
use crate::headers::HeaderPlan;
use crate::identity::Identity;
use crate::observe::Metrics;
use crate::store::{BrokenRecord, ChangeSink, LookupError, StoreFault};
use crate::token::{Credential, Sid, TokenDigest};
use prometheus::IntCounter;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::error;

/// Sessions by source and token, with everything that loading one needs.
pub struct Resolver {
    sources: Box<[Arc<Source>]>,
    plans: Arc<[HeaderPlan]>,
    cache: SessionCache<Arc<Identity>, LookupError>,
    /// One for each source, in the same order; the stores hold them weakly.
    subscriptions: Box<[Arc<Subscription>]>,
    reported: Arc<Reported>,
    absent: IntCounter,
}

impl Resolver {
    /// Joins the parts. Routes name sources by their position, rendered headers by the position of their plan.
    #[must_use]
    pub fn new(
        sources: Vec<Arc<Source>>,
        plans: Arc<[HeaderPlan]>,
        cache: SessionCache<Arc<Identity>, LookupError>,
        metrics: &Metrics,
    ) -> Self {
        let subscriptions = sources
            .iter()
            .map(|source| subscribe(source, &cache, metrics))
            .collect();
        Self {
            sources: sources.into(),
            plans,
            cache,
            subscriptions,
            reported: Arc::default(),
            absent: metrics.lookups.with_label_values(&["none", "absent"]),
        }
    }

    /// The sources, in the order of the file.
    #[must_use]
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// The cache, for its numbers.
    #[must_use]
    pub fn cache(&self) -> &SessionCache<Arc<Identity>, LookupError> {
        &self.cache
    }

    /// Looks a token up: in the cache, else in the source's store. `None` when there is no such source.
    pub async fn resolve(&self, source: usize, token: &str, now: Now) -> Option<Resolved> {
        let source = self.sources.get(source)?;
        let digest = TokenDigest::of(token);
        let sid = digest.sid();
        let key = CacheKey::new(source.fingerprint, digest);
        let lookup = match self.cache.peek(&key, &source.epoch, now) {
            Some(known) => known,
            None => {
                self.ask(source, key, Credential::with_digest(token, digest), now)
                    .await
            }
        };
        let (resolution, tier) = read(lookup);
        let resolved = Resolved {
            sid,
            resolution,
            tier,
        };
        source.metrics.looked_up(&resolved, now);
        Some(resolved)
    }

    /// How long the source's last canary took; `None` without one.
    #[must_use]
    pub fn last_lag(&self, source: usize) -> Option<Duration> {
        self.subscriptions.get(source)?.last_lag()
    }

    /// Counts a request that showed no credential: no source was asked.
    pub fn absent(&self) {
        self.absent.inc();
    }

    /// Counts a credential that could not even be asked for.
    pub fn unusable(&self, source: usize) {
        if let Some(source) = self.sources.get(source) {
            source.metrics.unusable();
        }
    }

    /// Reports a session whose record is sound but not what the route's profile needs (R2).
    pub fn unrenderable(&self, source: usize, sid: Sid, record: &BrokenRecord, now: Now) {
        if let Some(source) = self.sources.get(source) {
            source.metrics.unrenderable();
            self.reported.broken(source, sid, record, now.mono);
        }
    }

    async fn ask(
        &self,
        source: &Arc<Source>,
        key: CacheKey,
        credential: Credential,
        now: Now,
    ) -> Lookup<Arc<Identity>, LookupError> {
        let (source, plans) = (Arc::clone(source), Arc::clone(&self.plans));
        let epoch = Arc::clone(&source.epoch);
        let reported = Arc::clone(&self.reported);
        let load = move || async move { load(&source, &plans, &reported, &credential).await };
        self.cache.load(key, &epoch, now, Now::read, load).await
    }
}

/// Lets the cache hear what the source's store announces.
fn subscribe(
    source: &Source,
    cache: &SessionCache<Arc<Identity>, LookupError>,
    metrics: &Metrics,
) -> Arc<Subscription> {
    let epoch = Arc::clone(&source.epoch);
    let subscription = Subscription::new(
        &source.name,
        source.fingerprint,
        epoch,
        cache.clone(),
        metrics,
    );
    let subscription = Arc::new(subscription);
    source
        .store
        .watch(Arc::clone(&subscription) as Arc<dyn ChangeSink>);
    subscription
}

fn read(lookup: Lookup<Arc<Identity>, LookupError>) -> (Resolution, Tier) {
    match lookup {
        Lookup::Hit(identity) => (Resolution::Valid(identity), Tier::Memory),
        Lookup::KnownAbsent => (Resolution::Unknown, Tier::Memory),
        Lookup::Loaded(identity) => (Resolution::Valid(identity), Tier::Store),
        Lookup::Absent => (Resolution::Unknown, Tier::Store),
        Lookup::Stale(identity) => (Resolution::Valid(identity), Tier::Stale),
        Lookup::Failed(LookupError::Broken(_)) => (Resolution::Broken, Tier::Store),
        Lookup::Failed(LookupError::Store(fault)) => {
            (Resolution::Unavailable(fault.kind), Tier::Store)
        }
        Lookup::Overloaded | Lookup::Aborted => {
            (Resolution::Unavailable(StoreFault::Overload), Tier::Memory)
        }
    }
}

/// One store round trip, and the rendering of what it found.
async fn load(
    source: &Source,
    plans: &[HeaderPlan],
    reported: &Reported,
    credential: &Credential,
) -> Loaded<Arc<Identity>, LookupError> {
    let asked = Now::read();
    let answer = source.store.find(credential, asked).await;
    source.metrics.asked(&answer, asked);
    match answer {
        Ok(Some(stored)) => {
            let identity = Identity::derive(&stored, plans);
            Loaded::Found {
                expires_at: identity.expires_at,
                value: Arc::new(identity),
            }
        }
        Ok(None) => Loaded::Absent,
        Err(fault) => {
            let LookupError::Broken(record) = &fault else {
                return Loaded::Failed(fault);
            };
            reported.broken(source, credential.digest().sid(), record, asked.mono);
            Loaded::Broken(fault)
        }
    }
}

/// Remembers which broken records were logged lately, so that a client that retries does not fill the log.
#[derive(Default)]
struct Reported(Mutex<VecDeque<(Sid, Instant)>>);

impl Reported {
    /// The same session is reported again after this long.
    const AGAIN: Duration = Duration::from_secs(60);
    const REMEMBERED: usize = 1024;

    fn broken(&self, source: &Source, sid: Sid, record: &BrokenRecord, now: Instant) {
        if self.is_news(sid, now) {
            let (field, fault) = (&record.field, &record.fault);
            error!(source = %source.name, %sid, %field, %fault, "broken session record, answered 502");
        }
    }

    fn is_news(&self, sid: Sid, now: Instant) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|(_, at)| now.saturating_duration_since(*at) < Self::AGAIN);
        let is_news = seen.iter().all(|(known, _)| *known != sid);
        if is_news {
            if seen.len() == Self::REMEMBERED {
                seen.pop_front();
            }
            seen.push_back((sid, now));
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::Reported;
    use crate::clock::Now;
    use crate::token::TokenDigest;
    use std::time::Duration;

    #[test]
    fn a_broken_record_is_news_once_a_minute() {
        let (reported, sid) = (Reported::default(), TokenDigest::of("t").sid());
        let now = Now::read().mono;
        assert!(reported.is_news(sid, now));
        assert!(!reported.is_news(sid, now + Duration::from_secs(59)));
        assert!(reported.is_news(TokenDigest::of("u").sid(), now));
        assert!(reported.is_news(sid, now + Duration::from_secs(60)));
    }
}
