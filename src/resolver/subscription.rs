//! `Subscription`: applies what a source's store announces to the cache, and keeps the figures of it.

use super::load::Loader;
use super::source::Source;
use super::wanted::Wanted;
use crate::cache::{CacheKey, Epoch, Forgotten, Loaded};
use crate::clock::Now;
use crate::identity::Identity;
use crate::observe::Metrics;
use crate::store::{Change, ChangeSink, Message, Revocation, SessionKey};
use crate::token::{Sid, TokenDigest};
use prometheus::{Gauge, Histogram, IntCounter, IntCounterVec, IntGauge};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The cache's ear at one source. Called between the replies of the store's connection: it never waits.
pub(super) struct Subscription {
    /// The store keeps this, and the source the store.
    source: Weak<Source>,
    name: String,
    fingerprint: u64,
    epoch: Arc<Epoch>,
    loader: Loader,
    changes: IntCounter,
    announced: IntCounter,
    losses: IntCounter,
    events: IntCounterVec,
    refreshes: IntCounterVec,
    lag: Histogram,
    last_lag_us: AtomicU64,
    connected: IntGauge,
    last_message: Gauge,
}

impl Subscription {
    pub(super) fn new(source: &Arc<Source>, loader: Loader, metrics: &Metrics) -> Self {
        let name = source.name.clone();
        // From the first scrape on: an alert on the first of its kind would otherwise miss it.
        for kind in KINDS {
            metrics.events.with_label_values(&[name.as_str(), kind]);
        }
        for result in RESULTS {
            metrics
                .refreshes
                .with_label_values(&[name.as_str(), result]);
        }
        Self {
            source: Arc::downgrade(source),
            fingerprint: source.fingerprint,
            epoch: Arc::clone(&source.epoch),
            loader,
            changes: metrics.invalidations.with_label_values(&["tracking"]),
            announced: metrics.invalidations.with_label_values(&["pubsub"]),
            losses: metrics.invalidations.with_label_values(&["flush"]),
            events: metrics.events.clone(),
            refreshes: metrics.refreshes.clone(),
            lag: metrics.revocation_lag.with_label_values(&[&name]),
            last_lag_us: AtomicU64::new(0),
            connected: metrics.invalidation_connected.with_label_values(&[&name]),
            last_message: metrics
                .invalidation_last_message
                .with_label_values(&[&name]),
            name,
        }
    }

    /// How long the last canary took; `None` before the first.
    pub(super) fn last_lag(&self) -> Option<Duration> {
        let lag_us = self.last_lag_us.load(Ordering::Relaxed);
        (lag_us > 0).then(|| Duration::from_micros(lag_us))
    }

    fn heard(&self) {
        self.last_message
            .set(Duration::from_millis(Now::read().wall.0).as_secs_f64());
    }

    /// What rests on the old mark is over before the mark itself is forgotten: whoever still finds it ties a session to
    /// what has been cut.
    fn user(&self, user_id: &str) {
        let digest = TokenDigest::of(user_id);
        self.loader.sessions.cut(digest.sid().bits());
        let key = CacheKey::new(self.fingerprint, digest);
        self.loader.users.invalidate(&key);
    }

    /// A `sid`, or the id of a signed token.
    fn revoked(&self, name: &str) {
        if let Some(sid) = Sid::from_hex(name) {
            self.loader.sessions.cut(sid.bits());
        }
        let token = TokenDigest::of(name).sid();
        self.loader.sessions.cut(token.bits());
    }

    /// Asked again at once, if anybody was asking for it: a record that is rewritten on every use would otherwise cost
    /// every use a miss.
    fn touched(&self, session: &SessionKey) {
        let key = CacheKey::new(self.fingerprint, session.digest);
        let forgotten = self.loader.sessions.invalidate(&key);
        let (Some(forgotten), Some(source)) = (forgotten, self.source.upgrade()) else {
            return;
        };
        let (loader, wanted) = (self.loader.clone(), Wanted::Touched(session.clone()));
        let before = match forgotten {
            Forgotten::Session(identity) => Some(identity),
            Forgotten::Loading => None,
        };
        let (refreshes, name) = (self.refreshes.clone(), self.name.clone());
        let load = move || {
            let (loader, source, wanted) = (loader.clone(), Arc::clone(&source), wanted.clone());
            let (before, refreshes, name) = (before.clone(), refreshes.clone(), name.clone());
            async move {
                let answer = loader.load(&source, &wanted).await;
                let result = outcome(before.as_deref(), &answer);
                refreshes.with_label_values(&[name.as_str(), result]).inc();
                answer
            }
        };
        self.loader
            .sessions
            .refresh(key, &self.epoch, Now::read, load);
    }
}

const KINDS: [&str; 4] = ["session", "user", "jti", "malformed"];
const RESULTS: [&str; 4] = ["unchanged", "changed", "gone", "failed"];

/// By the fields that are mapped, not by bytes.
fn outcome<E>(before: Option<&Identity>, answer: &Loaded<Arc<Identity>, E>) -> &'static str {
    match (answer, before) {
        (Loaded::Found { value, .. }, Some(before)) if value.tells_the_same(before) => "unchanged",
        (Loaded::Found { .. }, _) => "changed",
        (Loaded::Absent | Loaded::Ended { .. }, _) => "gone",
        (Loaded::Broken(_) | Loaded::Failed(_), _) => "failed",
    }
}

impl ChangeSink for Subscription {
    fn changed(&self, change: Change<'_>) {
        match change {
            Change::Session(session) => {
                let key = CacheKey::new(self.fingerprint, session);
                self.loader.sessions.invalidate(&key);
            }
            Change::Touched(session) => self.touched(session),
            Change::Shared(name) => self.loader.sessions.cut(name.sid().bits()),
            Change::User(user_id) => self.user(user_id),
            Change::Revoked(name) => self.revoked(name),
        }
        self.changes.inc();
        self.heard();
    }

    fn message(&self, message: &Message) {
        let meaning = message.meaning.as_ref();
        let kind = meaning.map_or("malformed", Revocation::as_str);
        self.events
            .with_label_values(&[self.name.as_str(), kind])
            .inc();
        let Ok(revocation) = meaning else {
            return;
        };
        match revocation {
            Revocation::Session(sid) => self.loader.sessions.cut(sid.bits()),
            Revocation::User { id, .. } => self.user(id),
            Revocation::Token { id, .. } => self.revoked(id),
        }
        self.announced.inc();
        self.heard();
    }

    fn lost(&self) {
        self.epoch.advance();
        self.connected.set(0);
        self.losses.inc();
    }

    fn restored(&self) {
        self.epoch.vouch();
        self.connected.set(1);
        self.heard();
    }

    fn flushed(&self) {
        self.lost();
        self.epoch.empty();
        self.restored();
    }

    fn lag(&self, lag: Duration) {
        self.lag.observe(lag.as_secs_f64());
        let lag_us = u64::try_from(lag.as_micros()).unwrap_or(u64::MAX);
        self.last_lag_us.store(lag_us.max(1), Ordering::Relaxed);
        self.heard();
    }
}
