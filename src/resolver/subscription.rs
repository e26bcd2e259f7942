//! `Subscription`: applies what a source's store announces to the cache, and keeps the figures of it.

use crate::cache::{CacheKey, Epoch, SessionCache};
use crate::clock::Now;
use crate::identity::Identity;
use crate::observe::Metrics;
use crate::store::{ChangeSink, LookupError};
use crate::token::TokenDigest;
use prometheus::{Gauge, Histogram, IntCounter, IntGauge};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The cache's ear at one source. Called between the replies of the store's connection: it never waits.
pub(super) struct Subscription {
    fingerprint: u64,
    epoch: Arc<Epoch>,
    cache: SessionCache<Arc<Identity>, LookupError>,
    changes: IntCounter,
    losses: IntCounter,
    lag: Histogram,
    last_lag_us: AtomicU64,
    connected: IntGauge,
    last_message: Gauge,
}

impl Subscription {
    pub(super) fn new(
        source: &str,
        fingerprint: u64,
        epoch: Arc<Epoch>,
        cache: SessionCache<Arc<Identity>, LookupError>,
        metrics: &Metrics,
    ) -> Self {
        Self {
            fingerprint,
            epoch,
            cache,
            changes: metrics.invalidations.with_label_values(&["tracking"]),
            losses: metrics.invalidations.with_label_values(&["flush"]),
            lag: metrics.revocation_lag.with_label_values(&[source]),
            last_lag_us: AtomicU64::new(0),
            connected: metrics.invalidation_connected.with_label_values(&[source]),
            last_message: metrics
                .invalidation_last_message
                .with_label_values(&[source]),
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
}

impl ChangeSink for Subscription {
    fn changed(&self, session: TokenDigest) {
        self.cache
            .invalidate(&CacheKey::new(self.fingerprint, session));
        self.changes.inc();
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
