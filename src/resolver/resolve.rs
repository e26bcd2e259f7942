//! `Resolver`: from a shown token to who the caller is. The only place where cache and stores meet.

use super::load::Loader;
use super::resolution::{Resolution, Resolved, Tier};
use super::source::Source;
use super::subscription::Subscription;
use super::wanted::Wanted;
use crate::cache::{CacheKey, CachePolicy, Ending, LoadLimits, Lookup, SessionCache};
use crate::clock::{Now, UnixMillis};
use crate::headers::HeaderPlan;
use crate::identity::Identity;
use crate::observe::{Counter, Metrics};
use crate::secret::Secret;
use crate::store::{BrokenRecord, ChangeSink, LookupError, StoreError, StoreFault};
use crate::token::{Credential, Flaw, Shown, Sid, TokenDigest};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tracing::debug;

/// Sessions by source and token, with everything that loading one needs.
pub struct Resolver {
    sources: Box<[Arc<Source>]>,
    loader: Loader,
    /// One for each source, in the same order.
    subscriptions: Box<[Arc<Subscription>]>,
    /// Uses that are being written down.
    writing: Arc<Semaphore>,
    absent: Counter,
}

impl Resolver {
    /// Joins the parts. Routes name sources by their position, rendered headers by the position of their plan.
    #[must_use]
    pub fn new(
        sources: Vec<Arc<Source>>,
        plans: Arc<[HeaderPlan]>,
        policy: CachePolicy,
        metrics: &Metrics,
        now: Now,
    ) -> Self {
        let users = policy.max_entries.get() / SESSIONS_PER_USER;
        let users = CachePolicy {
            max_entries: NonZeroUsize::new(users).unwrap_or(NonZeroUsize::MIN),
            ..policy
        };
        let loader = Loader {
            plans,
            sessions: SessionCache::new(policy, LoadLimits::default(), now),
            users: SessionCache::new(users, LoadLimits::default(), now),
            reported: Arc::default(),
        };
        let subscriptions = sources
            .iter()
            .map(|source| subscribe(source, &loader, metrics))
            .collect();
        Self {
            sources: sources.into(),
            loader,
            subscriptions,
            writing: Arc::new(Semaphore::new(MAX_WRITES)),
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
        &self.loader.sessions
    }

    /// Looks up what was shown at this position of the source's `token:` list: in the cache, else in the source's store.
    /// `None` when there is no such source.
    pub async fn resolve(
        &self,
        source: usize,
        place: usize,
        shown: Shown<'_>,
        now: Now,
    ) -> Option<Resolved> {
        let source = self.sources.get(source)?;
        let id = match open(source, shown) {
            Ok(id) => id,
            Err(flaw) => return Some(refused(source, place, shown, &flaw, now)),
        };
        let shown = id.as_ref().map_or(shown, |id| Shown::plain(id.expose()));
        let resolved = self.look_up(source, place, shown, now).await;
        source.metrics.looked_up(&resolved, now);
        Some(resolved)
    }

    async fn look_up(
        &self,
        source: &Arc<Source>,
        place: usize,
        shown: Shown<'_>,
        now: Now,
    ) -> Resolved {
        let digest = source.digest(place, shown);
        let key = CacheKey::new(source.fingerprint, digest);
        let sessions = &self.loader.sessions;
        let lookup = match sessions.peek(&key, &source.epoch, now) {
            Some(known) => known,
            None => {
                let (loader, source) = (self.loader.clone(), Arc::clone(source));
                let wanted = Wanted::Shown(Credential::shown(shown, digest, place));
                let epoch = Arc::clone(&source.epoch);
                let load = move || async move { loader.load(&source, &wanted).await };
                // In a box of its own, so that a hit does not carry the room for it through every future above.
                Box::pin(sessions.load(key, &epoch, now, Now::read, load)).await
            }
        };
        let (resolution, tier) = read(lookup);
        if let Resolution::Valid(identity) = &resolution
            && let Some(keep_until) = identity.touch(now.wall)
        {
            self.write_down_use(source, digest, now.wall, keep_until);
        }
        Resolved {
            sid: digest.sid(),
            resolution,
            tier,
        }
    }

    /// How long the source's last canary took; `None` without one.
    #[must_use]
    pub fn last_lag(&self, source: usize) -> Option<Duration> {
        self.subscriptions.get(source)?.last_lag()
    }

    /// Ends the session that a token shows, for every node. Here nothing is served from it once this has returned: the
    /// store has told its sink.
    ///
    /// # Errors
    /// When the store does not take it: then nothing has changed, or only a part that makes the session end.
    pub async fn log_out(
        &self,
        source: usize,
        place: usize,
        shown: Shown<'_>,
    ) -> Result<(), StoreError> {
        let Some(source) = self.sources.get(source) else {
            return Ok(());
        };
        // What cannot be opened names no session.
        let Ok(id) = open(source, shown) else {
            return Ok(());
        };
        let shown = id.as_ref().map_or(shown, |id| Shown::plain(id.expose()));
        let credential = Credential::shown(shown, source.digest(place, shown), place);
        source.store.end(&credential).await
    }

    /// What exactly is wrong with what was shown, in words for an operator; `None` if it is a session. The source is asked once
    /// more, since the cache keeps no words, and nothing is counted or remembered of it.
    pub async fn fault(
        &self,
        source: usize,
        place: usize,
        shown: Shown<'_>,
        now: Now,
    ) -> Option<String> {
        let source = self.sources.get(source)?;
        let id = match open(source, shown) {
            Ok(id) => id,
            Err(flaw) => return Some(flaw.to_string()),
        };
        let shown = id.as_ref().map_or(shown, |id| Shown::plain(id.expose()));
        let credential = Credential::shown(shown, source.digest(place, shown), place);
        let found = source.store.find(&credential, now).await;
        found.err().map(|fault| fault.to_string())
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
            self.loader.reported.broken(source, sid, record, now.mono);
        }
    }

    /// Not waited for: a use that cannot be written is one that other nodes do not hear of.
    fn write_down_use(
        &self,
        source: &Arc<Source>,
        session: TokenDigest,
        at: UnixMillis,
        keep_until: UnixMillis,
    ) {
        let Ok(permit) = Arc::clone(&self.writing).try_acquire_owned() else {
            return;
        };
        let source = Arc::clone(source);
        tokio::spawn(async move {
            if let Err(fault) = source.store.seen(session, at, keep_until).await {
                source.metrics.failed(fault.kind);
            }
            drop(permit);
        });
    }
}

/// Where a framework signs its handles, the id inside names the session, not what was shown: one id may be shown in
/// many ways (Laravel encrypts it anew in every answer). It is looked at on every request, so a cached session says
/// nothing about the signature of the next handle.
fn open(source: &Source, shown: Shown<'_>) -> Result<Option<Secret<String>>, Flaw> {
    let handle = source.handle.as_ref();
    handle.map(|handle| handle.open(shown.token)).transpose()
}

fn refused(source: &Source, place: usize, shown: Shown<'_>, flaw: &Flaw, now: Now) -> Resolved {
    let resolved = Resolved {
        sid: source.digest(place, shown).sid(),
        resolution: Resolution::Ended(Ending::Flawed(flaw.kind)),
        tier: Tier::Memory,
    };
    let (source_name, sid) = (&*source.name, resolved.sid);
    debug!(source = source_name, %sid, "a credential is not believed: {flaw}");
    source.metrics.looked_up(&resolved, now);
    resolved
}

/// Lets the cache hear what the source's store announces.
fn subscribe(source: &Arc<Source>, loader: &Loader, metrics: &Metrics) -> Arc<Subscription> {
    let subscription = Arc::new(Subscription::new(source, loader.clone(), metrics));
    source
        .store
        .watch(Arc::clone(&subscription) as Arc<dyn ChangeSink>);
    subscription
}

fn read(lookup: Lookup<Arc<Identity>, LookupError>) -> (Resolution, Tier) {
    match lookup {
        Lookup::Hit(identity) => (Resolution::Valid(identity), Tier::Memory),
        Lookup::KnownAbsent => (Resolution::Unknown, Tier::Memory),
        Lookup::KnownEnded(why) => (Resolution::Ended(why), Tier::Memory),
        Lookup::Loaded(identity) => (Resolution::Valid(identity), Tier::Store),
        Lookup::Absent => (Resolution::Unknown, Tier::Store),
        Lookup::Ended(why) => (Resolution::Ended(why), Tier::Store),
        Lookup::Stale(identity) => (Resolution::Valid(identity), Tier::Stale),
        // `Without` is an ending by now.
        Lookup::Failed(LookupError::Broken(_) | LookupError::Without(_)) => {
            (Resolution::Broken, Tier::Store)
        }
        Lookup::Failed(LookupError::Store(fault)) => {
            (Resolution::Unavailable(fault.kind), Tier::Store)
        }
        Lookup::Overloaded | Lookup::Aborted => {
            (Resolution::Unavailable(StoreFault::Overload), Tier::Memory)
        }
    }
}

/// What is said of a user is asked for with a session and trusted for as long: it saves a question where the user has other
/// sessions, or the record is read again before its time.
const SESSIONS_PER_USER: usize = 8;
/// Uses written down at once; more are left out.
const MAX_WRITES: usize = 256;
