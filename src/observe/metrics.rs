//! `Metrics`: every family's name, help, labels and buckets, in one place. The help text is the documentation.
//!
//! Labels are closed enums or configured names, never anything a client chooses. Handles are resolved when a
//! configuration is opened, so that a request hashes no label.

use super::process::ProcessCollector;
use super::tally::{Counter, Family, Histogram, InFlight, OfTallies, Series, Tallies};
use prometheus::core::Collector;
use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// Every metric family of the process, registered once.
pub struct Metrics {
    registry: Registry,
    /// Requests answered, by route and status.
    pub requests: Family<Counter>,
    /// From the request head to the last byte of the response.
    pub request_duration: Family<Histogram>,
    /// Time spent in the gateway itself, upstream excluded.
    pub overhead: Family<Histogram>,
    /// Requests being answered now.
    pub in_flight: Family<InFlight>,
    /// The same over all routes, for whoever must not miss one: nothing is counted twice or not at all when it changes
    /// from one route to another.
    pub in_flight_anywhere: InFlight,
    /// Session lookups by source and result.
    pub lookups: Family<Counter>,
    /// Duration of lookups by source and tier.
    pub lookup_duration: Family<Histogram>,
    /// Requests refused by the gateway, by route and reason.
    pub denied: Family<Counter>,
    /// Client header lines in a reserved namespace that were removed.
    pub forged_headers: Family<Counter>,
    /// Sessions in the cache.
    pub cache_entries: IntGauge,
    /// Unknown tokens remembered.
    pub cache_negative_entries: IntGauge,
    /// `cache.max_entries`.
    pub cache_max_entries: IntGauge,
    /// Evictions by reason; counted by the cache, copied at scrape.
    pub cache_evictions: IntCounterVec,
    /// Changes that the stores announced, by origin.
    pub invalidations: IntCounterVec,
    /// Messages on the channel of events, by source and kind.
    pub events: IntCounterVec,
    /// Records that were read again because they had been written, by source and result.
    pub refreshes: IntCounterVec,
    /// Whether a source's changes are announced just now.
    pub invalidation_connected: IntGaugeVec,
    /// When a source last announced anything.
    pub invalidation_last_message: GaugeVec,
    /// How long a change takes to be announced, measured every second.
    pub revocation_lag: HistogramVec,
    /// Store loads in flight.
    pub loads_in_flight: IntGauge,
    /// Requests waiting for a load.
    pub load_waiters: IntGauge,
    /// Whether the store answers.
    pub store_up: IntGaugeVec,
    /// Round trips to the store.
    pub store_duration: Family<Histogram>,
    /// Store failures by kind.
    pub store_errors: IntCounterVec,
    /// Records that could not be used.
    pub broken_records: IntCounterVec,
    /// Attempts by upstream, server and result.
    pub upstream_requests: Family<Counter>,
    /// Connects to upstreams.
    pub upstream_connect_duration: Family<Histogram>,
    /// Assertions signed.
    pub assertions_signed: IntCounter,
    /// Names the configuration in force.
    pub config_info: IntGaugeVec,
    /// Access-log lines not written because the writer could not keep up.
    pub access_log_dropped: IntCounter,
}

impl Metrics {
    /// Registers every family.
    ///
    /// # Errors
    /// When two families share a name, which the test below rules out.
    #[expect(
        clippy::too_many_lines,
        reason = "a table of families; one place is the point"
    )]
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("sessiongate".to_owned()), None)?;
        let tallies = Tallies::default();
        let families = Families(&registry, &tallies);
        let metrics = Self {
            requests: families.tallied(
                "http_requests_total",
                "Requests answered, by configured route (`none`: no route) and status.",
                &["route", "status"],
            )?,
            request_duration: families.tallied(
                "http_request_duration_seconds",
                "From the complete request head to the last byte of the response.",
                &["route"],
            )?,
            overhead: families.tallied(
                "overhead_seconds",
                "Time spent in the gateway itself: decision, session lookup and header work; upstream excluded.",
                &["route"],
            )?,
            in_flight: families.tallied(
                "http_requests_in_flight",
                "Requests being answered now, upgraded connections included.",
                &["route"],
            )?,
            in_flight_anywhere: InFlight::unlabelled(&tallies),
            lookups: families.tallied(
                "session_lookups_total",
                "Session lookups by source (`none`: no credential was shown) and result: hit, negative, stale, store, absent, invalid, error.",
                &["source", "result"],
            )?,
            lookup_duration: families.tallied(
                "session_lookup_duration_seconds",
                "Duration of a lookup by the tier that answered: memory or store.",
                &["source", "tier"],
            )?,
            denied: families.tallied(
                "denied_total",
                "Requests that the gateway refused, by reason.",
                &["route", "reason"],
            )?,
            forged_headers: families.tallied(
                "forged_headers_total",
                "Client header lines in a reserved namespace, removed; on hasura routes a requested role is one.",
                &["route"],
            )?,
            cache_entries: families.gauge("cache_entries", "Sessions in the cache.")?,
            cache_negative_entries: families
                .gauge("cache_negative_entries", "Unknown tokens remembered in their own segment.")?,
            cache_max_entries: families
                .gauge("cache_max_entries", "The configured bound of cache_entries.")?,
            cache_evictions: families.counters(
                "cache_evictions_total",
                "Entries removed, by reason: capacity or ttl.",
                &["reason"],
            )?,
            invalidations: families.counters(
                "cache_invalidations_total",
                "Changes heard of: tracking, one key; pubsub, one revocation; flush, everything, because announcements were lost or resumed.",
                &["origin"],
            )?,
            events: families.counters(
                "events_total",
                "Messages heard on sessiongate:events, by kind: session, user, jti; malformed ones are ignored.",
                &["source", "kind"],
            )?,
            refreshes: families.counters(
                "session_refreshes_total",
                "Records read again at once because they were written (on_push: suspect), by result: unchanged, changed, gone, failed.",
                &["source", "result"],
            )?,
            invalidation_connected: families.gauges(
                "invalidation_connected",
                "1 while every change of this source is announced; 0: entries are asked again before use.",
                &["source"],
            )?,
            invalidation_last_message: families.moments(
                "invalidation_last_message_timestamp_seconds",
                "When this source last announced anything, its canary included.",
                &["source"],
            )?,
            revocation_lag: families.histograms(
                "revocation_lag_seconds",
                "How long a change takes to be announced, measured every second with a key of the node's own.",
                &["source"],
            )?,
            loads_in_flight: families
                .gauge("session_loads_in_flight", "Store loads in flight; at most 1024.")?,
            load_waiters: families.gauge(
                "session_load_waiters",
                "Requests waiting for a load that another request began.",
            )?,
            store_up: families.gauges(
                "store_up",
                "1 if the store of this source answers, 0 while it is away.",
                &["source"],
            )?,
            store_duration: families.tallied(
                "store_request_duration_seconds",
                "Round trips to the store of this source.",
                &["source"],
            )?,
            store_errors: families.counters(
                "store_errors_total",
                "Lookups that the store could not answer, by kind.",
                &["source", "kind"],
            )?,
            broken_records: families.counters(
                "broken_records_total",
                "Lookups that found a record which cannot be used (answered 502).",
                &["source"],
            )?,
            upstream_requests: families.tallied(
                "upstream_requests_total",
                "Attempts by upstream, server and result: response, connect_error, timeout, error.",
                &["upstream", "server", "result"],
            )?,
            upstream_connect_duration: families.tallied(
                "upstream_connect_duration_seconds",
                "Time to get a connection to the upstream, reused ones included.",
                &["upstream"],
            )?,
            assertions_signed: families.counter(
                "assertions_signed_total",
                "Signed assertions made; each serves the requests of one session to one audience for half of its lifetime at least.",
            )?,
            config_info: families.gauges(
                "config_info",
                "1; names the configuration in force by the head of its SHA-256.",
                &["hash"],
            )?,
            access_log_dropped: families.counter(
                "access_log_dropped_total",
                "Access-log lines dropped because standard output could not keep up.",
            )?,
            registry,
        };
        metrics.registry.register(Box::new(build_info()?))?;
        metrics
            .registry
            .register(Box::new(ProcessCollector::new()))?;
        Ok(metrics)
    }

    /// The Prometheus text format.
    ///
    /// # Errors
    /// When a family cannot be encoded.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Requests being answered now, over all routes.
    #[must_use]
    pub fn in_flight_total(&self) -> u64 {
        self.in_flight_anywhere.get()
    }

    /// One number out of a counter family, summed over labels; for the status page.
    #[must_use]
    pub fn sum(family: &Family<Counter>) -> u64 {
        let counted = family
            .collect()
            .into_iter()
            .flat_map(|family| family.get_metric().to_vec());
        counted
            .map(|metric| metric.get_counter().get_value() as u64)
            .sum()
    }
}

/// Builds and registers families, so that a name stands once.
struct Families<'a>(&'a Registry, &'a Tallies);

impl Families<'_> {
    fn keep<C: Collector + Clone + 'static>(&self, family: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(family.clone()))?;
        Ok(family)
    }

    /// For what a request counts.
    fn tallied<S: Series + 'static>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<Family<S>, prometheus::Error> {
        let labels = labels.iter().map(|label| (*label).to_owned());
        let opts = Opts::new(name, help).variable_labels(labels.collect());
        self.keep(OfTallies::family(opts, self.1)?)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.keep(IntCounter::new(name, help)?)
    }

    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        self.keep(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.keep(IntGauge::new(name, help)?)
    }

    fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        self.keep(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn moments(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<GaugeVec, prometheus::Error> {
        self.keep(GaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let opts = HistogramOpts::new(name, help).buckets(Histogram::bounds().collect());
        self.keep(HistogramVec::new(opts, labels)?)
    }
}

/// A constant 1 that names the build.
fn build_info() -> Result<GaugeVec, prometheus::Error> {
    let opts = Opts::new("build_info", "1; names the version of this build.");
    let info = GaugeVec::new(opts, &["version"])?;
    info.with_label_values(&[env!("CARGO_PKG_VERSION")])
        .set(1.0);
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use crate::observe::{AttemptResult, RouteMetrics, ServerMetrics};

    #[test]
    fn families_have_distinct_names_and_the_prefix() {
        let metrics = Metrics::new().expect("families register");
        let route = RouteMetrics::new(&metrics, "blog");
        route.answered(http::StatusCode::OK);
        route.answered(http::StatusCode::NOT_FOUND);
        route.denied("no_session");
        ServerMetrics::new(&metrics, "app", "10.0.0.1:80").count(AttemptResult::Timeout);
        let text = metrics.render().expect("text");
        for line in [
            r#"sessiongate_http_requests_total{route="blog",status="200"} 1"#,
            r#"sessiongate_http_requests_total{route="blog",status="404"} 1"#,
            r#"sessiongate_denied_total{reason="no_session",route="blog"} 1"#,
            r#"sessiongate_overhead_seconds_bucket{route="blog",le="0.000025"} 0"#,
            r#"sessiongate_upstream_requests_total{result="timeout",server="10.0.0.1:80",upstream="app"} 1"#,
            "sessiongate_process_open_fds",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
