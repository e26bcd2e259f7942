//! `Context`: what one request carries from phase to phase.

use super::decision::Decision;
use super::target::Target;
use crate::clock::Now;
use crate::live::Pinned;
use crate::observe::RouteMetrics;
use crate::runtime::{Route, Runtime};
use crate::token::BodyTokens;
use http::HeaderValue;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Per-request state. Pins one runtime, so that a reload cannot change the rules under a request.
pub struct Context {
    /// The configuration that this request began with.
    pub runtime: Pinned<Runtime>,
    /// When the request head was complete.
    pub began: Now,
    /// Sent both ways as `X-Request-Id`.
    pub request_id: Option<HeaderValue>,
    /// After trusted hops.
    pub client: Option<IpAddr>,
    /// Whether the peer may speak for a client.
    pub peer_is_trusted: bool,
    /// Canonical host and path: what decided is what is forwarded and logged.
    pub target: Target,
    /// Made in `request_filter`; see [`Self::decide`].
    decision: Option<Decision>,
    /// Body bytes seen in this attempt, for chunked bodies that announce no length.
    pub body_bytes: u64,
    /// What the body showed, where it was looked into.
    pub body_tokens: BodyTokens,
    /// How long the body was waited for before the decision; `None`: it was not looked into.
    pub body_wait: Option<Duration>,
    /// The attempt under way.
    pub attempt: Attempt,
    /// Time spent in the gateway itself so far.
    pub overhead: Duration,
}

/// One attempt at the upstream.
#[derive(Default)]
pub struct Attempt {
    /// Position of the server in its cluster.
    pub server: Option<usize>,
    /// Attempts so far.
    pub count: usize,
    /// Attempts that got no connection.
    pub refused: usize,
    /// When the connection was asked for.
    pub asked_at: Option<Instant>,
    /// When the connection was there.
    pub connected_at: Option<Instant>,
    /// Whether forged headers have been counted: once a request, not once an attempt.
    pub counted_forged: bool,
}

impl Context {
    /// Begins a request. It is in flight from here on, on no route as long as none is decided: a drain must not end the
    /// process while a session is being looked up.
    #[must_use]
    pub fn new(runtime: Pinned<Runtime>, began: Now) -> Self {
        runtime.in_flight.begin();
        runtime.no_route.in_flight.begin();
        Self {
            runtime,
            began,
            request_id: None,
            client: None,
            peer_is_trusted: false,
            target: Target::default(),
            decision: None,
            body_bytes: 0,
            body_tokens: BodyTokens::default(),
            body_wait: None,
            attempt: Attempt::default(),
            overhead: Duration::ZERO,
        }
    }

    /// Keeps the decision and counts the request as in flight on its route.
    pub fn decide(&mut self, decision: Decision) {
        // The new count begins before the old one ends.
        self.metrics_of(self.route_of(&decision)).in_flight.begin();
        self.metrics().in_flight.end();
        self.decision = Some(decision);
    }

    /// Once it is made.
    #[must_use]
    pub fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// The route that was met.
    #[must_use]
    pub fn route(&self) -> Option<&Route> {
        self.route_of(self.decision.as_ref()?)
    }

    /// The route that a decision about this request speaks of.
    #[must_use]
    pub fn route_of(&self, decision: &Decision) -> Option<&Route> {
        self.runtime.routes.get(decision.route?).map(Arc::as_ref)
    }

    /// Whether the request goes on to the upstream: it is not refused, and not for the gateway itself.
    #[must_use]
    pub fn passes(&self) -> bool {
        let is_own = |route: &Route| route.endpoint.is_some();
        let is_let_through = |decision: &Decision| decision.verdict.is_ok();
        self.decision.as_ref().is_some_and(is_let_through) && !self.route().is_some_and(is_own)
    }

    /// The handles of the route that was met, else those of `none`.
    #[must_use]
    pub fn metrics(&self) -> &RouteMetrics {
        self.metrics_of(self.route())
    }

    fn metrics_of<'a>(&'a self, route: Option<&'a Route>) -> &'a RouteMetrics {
        route.map_or(&self.runtime.no_route, |route| &route.metrics)
    }

    /// Time spent in the gateway itself until `now`: what the client took to send a body that was looked into is not.
    #[must_use]
    pub fn spent(&self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.began.mono);
        since.saturating_sub(self.body_wait.unwrap_or_default())
    }

    /// The bound of a request's body on this route.
    #[must_use]
    pub fn max_body_bytes(&self, route: Option<&Route>) -> Option<u64> {
        route.map_or(self.runtime.client.max_body_bytes, |route| {
            route.settings.max_body_bytes
        })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.metrics().in_flight.end();
        self.runtime.in_flight.end();
    }
}
