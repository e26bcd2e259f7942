//! `Source`: an opened session source, with its metric handles.

use super::resolution::{Resolution, Resolved, Tier};
use crate::cache::Epoch;
use crate::clock::Now;
use crate::formats::handle::Handle;
use crate::observe::{ByLabel, Counter, Family, Histogram, Metrics};
use crate::store::{Administration, LookupError, StoreFault};
use crate::token::{Shown, TokenDigest};
use prometheus::{IntCounter, IntCounterVec, IntGauge};
use std::sync::Arc;
use std::time::Duration;

/// Where one source's sessions come from.
pub struct Source {
    /// The metric label.
    pub name: String,
    /// Part of every cache key: equal settings give the same number, other settings another.
    pub fingerprint: u64,
    /// From what is shown to the token that names the session; `None`: it is that token.
    pub handle: Option<Handle>,
    /// For each place of the `token:` list the name of the cookie that is read there as a whole, if it is one.
    pub cookies: Box<[Option<Box<str>>]>,
    /// The back end.
    pub store: Arc<dyn Administration>,
    /// For records that name none.
    pub idle_timeout: Option<Duration>,
    /// What the back end's announcements vouch for.
    pub epoch: Arc<Epoch>,
    /// Handles resolved at load.
    pub metrics: SourceMetrics,
}

impl Source {
    /// Names what was shown at this place, in the cache and everywhere else.
    pub(super) fn digest(&self, place: usize, shown: Shown<'_>) -> TokenDigest {
        let cookie = self.cookies.get(place);
        shown.digest(cookie.and_then(Option::as_deref))
    }
}

/// `sessiongate_session_lookups_total`, `sessiongate_store_*` of one source.
pub struct SourceMetrics {
    lookups: Family<Counter>,
    hit: Counter,
    others: ByLabel<&'static str, 6>,
    name: String,
    memory: Histogram,
    stored: Histogram,
    round_trip: Histogram,
    errors: IntCounterVec,
    broken: IntCounter,
    /// `sessiongate_store_up`.
    pub up: IntGauge,
}

impl SourceMetrics {
    /// Resolves the handles of the source with this label.
    #[must_use]
    pub fn new(metrics: &Metrics, source: &str) -> Self {
        for kind in StoreFault::ALL {
            metrics
                .store_errors
                .with_label_values(&[source, kind.as_str()]);
        }
        Self {
            hit: metrics.lookups.with_label_values(&[source, "hit"]),
            lookups: metrics.lookups.clone(),
            others: ByLabel::default(),
            name: source.to_owned(),
            memory: metrics
                .lookup_duration
                .with_label_values(&[source, "memory"]),
            stored: metrics
                .lookup_duration
                .with_label_values(&[source, "store"]),
            round_trip: metrics.store_duration.with_label_values(&[source]),
            errors: metrics.store_errors.clone(),
            broken: metrics.broken_records.with_label_values(&[source]),
            up: metrics.store_up.with_label_values(&[source]),
        }
    }

    /// Counts a lookup whose token could not even be asked for.
    pub fn unusable(&self) {
        self.count("invalid");
    }

    pub(super) fn unrenderable(&self) {
        self.broken.inc();
    }

    pub(super) fn looked_up(&self, resolved: &Resolved, began: Now) {
        let took = Now::read_mono().saturating_duration_since(began.mono);
        match resolved.tier {
            Tier::Memory => self.memory.observe(took),
            Tier::Stale | Tier::Store => self.stored.observe(took),
        }
        match (&resolved.resolution, resolved.tier) {
            (Resolution::Valid(_), Tier::Memory) => self.hit.inc(),
            (Resolution::Valid(_), Tier::Stale) => self.count("stale"),
            (Resolution::Valid(_), Tier::Store) => self.count("store"),
            (Resolution::Unknown | Resolution::Ended(_), Tier::Memory) => self.count("negative"),
            (Resolution::Unknown | Resolution::Ended(_), _) => self.count("invalid"),
            (Resolution::Broken | Resolution::Unavailable(_), _) => self.count("error"),
        }
    }

    pub(super) fn asked(&self, failure: Option<&LookupError>, began: Now) {
        let took = Now::read_mono().saturating_duration_since(began.mono);
        self.round_trip.observe(took);
        match failure {
            None | Some(LookupError::Without(_)) => {}
            Some(LookupError::Broken(_)) => self.broken.inc(),
            Some(LookupError::Store(fault)) => self.failed(fault.kind),
        }
    }

    pub(super) fn failed(&self, kind: StoreFault) {
        self.errors
            .with_label_values(&[self.name.as_str(), kind.as_str()])
            .inc();
    }

    fn count(&self, result: &'static str) {
        let labels = [self.name.as_str(), result];
        let series = || self.lookups.with_label_values(&labels);
        self.others.count(result, series);
    }
}
