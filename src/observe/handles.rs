//! Handles of one route and of one server, resolved when a configuration is opened: a request hashes no label.

use super::metrics::Metrics;
use http::StatusCode;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge};
use std::sync::OnceLock;

/// Statuses that nearly every answer has; their series appear with their first answer.
const COMMON: [u16; 12] = [200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 503];

/// Handles of one route.
#[derive(Clone)]
pub struct RouteMetrics {
    route: String,
    requests: IntCounterVec,
    common: [OnceLock<IntCounter>; COMMON.len()],
    denied: IntCounterVec,
    /// See [`Metrics::request_duration`].
    pub duration: Histogram,
    /// See [`Metrics::overhead`].
    pub overhead: Histogram,
    /// See [`Metrics::in_flight`].
    pub in_flight: IntGauge,
    /// See [`Metrics::forged_headers`].
    pub forged_headers: IntCounter,
}

impl RouteMetrics {
    /// Resolves the handles of the route with this label.
    #[must_use]
    pub fn new(metrics: &Metrics, route: &str) -> Self {
        let label = &[route];
        Self {
            route: route.to_owned(),
            requests: metrics.requests.clone(),
            common: Default::default(),
            denied: metrics.denied.clone(),
            duration: metrics.request_duration.with_label_values(label),
            overhead: metrics.overhead.with_label_values(label),
            in_flight: metrics.in_flight.with_label_values(label),
            forged_headers: metrics.forged_headers.with_label_values(label),
        }
    }

    /// Counts one answered request.
    pub fn answered(&self, status: StatusCode) {
        let at = COMMON.iter().position(|common| *common == status.as_u16());
        match at.and_then(|at| self.common.get(at)) {
            Some(handle) => handle.get_or_init(|| self.with_status(status)).inc(),
            None => self.with_status(status).inc(),
        }
    }

    /// Counts one refusal.
    pub fn denied(&self, reason: &'static str) {
        self.denied
            .with_label_values(&[self.route.as_str(), reason])
            .inc();
    }

    fn with_status(&self, status: StatusCode) -> IntCounter {
        self.requests
            .with_label_values(&[self.route.as_str(), status.as_str()])
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
pub struct ServerMetrics([IntCounter; AttemptResult::ALL.len()]);

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
