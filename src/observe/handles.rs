//! Handles of one route and of one server, resolved when a configuration is opened: a request hashes no label.

use super::metrics::Metrics;
use super::tally::{ByLabel, Counter, Family, Histogram, InFlight};
use http::StatusCode;

/// Handles of one route.
#[derive(Clone)]
pub struct RouteMetrics {
    route: String,
    requests: Family<Counter>,
    by_status: ByLabel<StatusCode, 12>,
    denied: Family<Counter>,
    by_reason: ByLabel<&'static str, 8>,
    /// See [`Metrics::request_duration`].
    pub duration: Histogram,
    /// See [`Metrics::overhead`].
    pub overhead: Histogram,
    /// See [`Metrics::in_flight`].
    pub in_flight: InFlight,
    /// See [`Metrics::forged_headers`].
    pub forged_headers: Counter,
}

impl RouteMetrics {
    /// Resolves the handles of the route with this label.
    #[must_use]
    pub fn new(metrics: &Metrics, route: &str) -> Self {
        let label = &[route];
        Self {
            route: route.to_owned(),
            requests: metrics.requests.clone(),
            by_status: ByLabel::default(),
            denied: metrics.denied.clone(),
            by_reason: ByLabel::default(),
            duration: metrics.request_duration.with_label_values(label),
            overhead: metrics.overhead.with_label_values(label),
            in_flight: metrics.in_flight.with_label_values(label),
            forged_headers: metrics.forged_headers.with_label_values(label),
        }
    }

    /// Counts one answered request.
    pub fn answered(&self, status: StatusCode) {
        let labels = [self.route.as_str(), status.as_str()];
        let series = || self.requests.with_label_values(&labels);
        self.by_status.count(status, series);
    }

    /// Counts one refusal.
    pub fn denied(&self, reason: &'static str) {
        let labels = [self.route.as_str(), reason];
        let series = || self.denied.with_label_values(&labels);
        self.by_reason.count(reason, series);
    }
}

/// How one attempt at a server went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// A response came, whatever its status.
    Response,
    /// No connection.
    ConnectError,
    /// Too slow.
    Timeout,
    /// No usable response.
    Error,
}

impl AttemptResult {
    /// Every result, in the order of their discriminants.
    pub const ALL: [Self; 4] = [
        Self::Response,
        Self::ConnectError,
        Self::Timeout,
        Self::Error,
    ];

    /// The metric label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::ConnectError => "connect_error",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }
}

/// `sessiongate_upstream_requests_total` of one server.
#[derive(Clone)]
pub struct ServerMetrics([Counter; AttemptResult::ALL.len()]);

impl ServerMetrics {
    /// Resolves the handles of the server with these labels.
    #[must_use]
    pub fn new(metrics: &Metrics, upstream: &str, server: &str) -> Self {
        let family = &metrics.upstream_requests;
        Self(
            AttemptResult::ALL
                .map(|result| family.with_label_values(&[upstream, server, result.as_str()])),
        )
    }

    /// Counts one attempt.
    pub fn count(&self, result: AttemptResult) {
        if let Some(counter) = self.0.get(result as usize) {
            counter.inc();
        }
    }
}
