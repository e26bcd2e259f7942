//! `Explanation`: how a described request is decided, and what the upstream would see of it.

use super::described::{Described, NotARequest};
use super::flaw::flaw_of;
use super::masked::shown;
use crate::clock::Now;
use crate::live::Pinned;
use crate::proxy::{Context, Decision, Denial, Incoming, consider, prepare};
use crate::resolver::Tier;
use crate::route::Endpoint;
use crate::runtime::{Route, Runtime};
use bytes::Bytes;
use pingora::http::RequestHeader;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Each step's outcome.
pub struct Explanation {
    context: Context,
    decision: Decision,
    detail: Option<String>,
    forged: u64,
    upstream_head: Option<RequestHeader>,
}

impl Explanation {
    /// Decides about the request as the proxy would, and sends nothing.
    ///
    /// # Errors
    /// When it is no request, or its upstream head cannot be written.
    pub async fn of(runtime: Pinned<Runtime>, described: &Described) -> Result<Self, NotARequest> {
        let mut request = Sent {
            head: described.to_head()?,
            body: described.body(),
        };
        let peer = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let mut context = Context::new(runtime, Now::read());
        let decision = consider(&mut context, &mut request, peer).await;
        let decision = decision.map_err(|_| NotARequest::unsendable())?;
        let detail = flaw_of(&context, &decision, &request.head.headers).await;
        let mut explanation = Self {
            context,
            decision,
            detail,
            forged: 0,
            upstream_head: None,
        };
        // What the gateway answers itself is not sent on.
        let route = explanation.route().filter(|route| route.endpoint.is_none());
        if let (Ok(_), Some(route)) = (&explanation.decision.verdict, route) {
            let mut sent = request.head;
            let (context, decision) = (&explanation.context, &explanation.decision);
            let prepared = prepare(&mut sent, context, decision, route, peer);
            explanation.forged = prepared.map_err(|_| NotARequest::unsendable())?;
            explanation.upstream_head = Some(sent);
        }
        Ok(explanation)
    }

    /// All of it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let decision = &self.decision;
        let route = self.route();
        json!({
            "host": self.context.target.host(),
            "path": self.context.target.path(),
            "route": route.map(|route| &route.settings.name),
            "upstream": route.filter(|route| route.endpoint.is_none()).map(|route| route.cluster.name()),
            "endpoint": route.and_then(|route| route.endpoint.as_ref()).map(Endpoint::path),
            "source": self.source(),
            "credential": self.credential(),
            "outcome": decision.standing.as_str(),
            "tier": decision.tier.map(Tier::as_str),
            "sid": decision.sid.map(|sid| sid.to_string()),
            "detail": self.detail,
            "reason": decision.reason(),
            "status": decision.verdict.err().map(Denial::status),
            "message": decision.verdict.err().map(|denial| denial.to_string()),
            "forged_headers": self.forged,
            "upstream_headers": self.lines(),
        })
    }

    /// `bearer`, `cookie:session`, `form:access_token`, `json:auth.token`.
    fn credential(&self) -> Option<String> {
        let route = self.route()?;
        route
            .tokens
            .get(self.decision.place?)
            .map(ToString::to_string)
    }

    fn route(&self) -> Option<&Route> {
        self.context.route_of(&self.decision)
    }

    fn source(&self) -> Option<&str> {
        let sources = self.context.runtime.resolver.sources();
        let source = sources.get(self.decision.source?)?;
        Some(&source.name)
    }

    fn lines(&self) -> Option<Vec<[String; 2]>> {
        let head = self.upstream_head.as_ref()?;
        let lines = head.headers.iter();
        Some(
            lines
                .map(|(name, value)| [name.to_string(), shown(value)])
                .collect(),
        )
    }
}

/// A described request, as if all of it had come.
struct Sent {
    head: RequestHeader,
    body: Bytes,
}

impl Incoming for Sent {
    fn head(&self) -> &RequestHeader {
        &self.head
    }

    async fn body(&mut self, most: usize, _: Duration) -> pingora::Result<Option<Bytes>> {
        Ok(Some(self.body.clone()).filter(|body| body.len() <= most))
    }
}

/// What [`Explanation::to_json`] says, for people.
#[must_use]
pub fn in_words(explained: &Value) -> String {
    let word = |name: &str| explained.get(name).and_then(Value::as_str);
    let mut text = String::new();
    let mut step = |name: &str, outcome: &str| text.push_str(&format!("{name:<12}{outcome}\n"));
    let target = [word("host"), word("path")].map(Option::unwrap_or_default);
    step("target", &target.concat());
    let route = word("route").map(|route| match word("endpoint") {
        Some(endpoint) => format!("{route} -> the gateway's own {endpoint}"),
        None => format!("{route} -> {}", word("upstream").unwrap_or_default()),
    });
    step("route", route.as_deref().unwrap_or("none"));
    let place = word("credential").unwrap_or_default();
    let source = word("source").map(|source| format!("{place}, for sessions {source}"));
    step("credential", source.as_deref().unwrap_or("none shown"));
    let sid = word("sid").map(|sid| format!(", sid {sid}"));
    let outcome = word("outcome").unwrap_or_default();
    step("session", &format!("{outcome}{}", sid.unwrap_or_default()));
    if let Some(detail) = word("detail") {
        step("", detail);
    }
    step("verdict", &verdict(explained));
    let number = |name: &str| explained.get(name).and_then(Value::as_u64);
    let forged = number("forged_headers").unwrap_or_default();
    if forged > 0 {
        let outcome = format!("{forged} reserved header lines of the client");
        step("stripped", &outcome);
    }
    if let Some(lines) = explained.get("upstream_headers").and_then(Value::as_array) {
        step("upstream", "would receive");
        let part = |line: &Value, at: usize| {
            let part = line.get(at).and_then(Value::as_str);
            part.unwrap_or_default().to_owned()
        };
        for line in lines {
            text.push_str(&format!("  {}: {}\n", part(line, 0), part(line, 1)));
        }
    }
    text
}

fn verdict(explained: &Value) -> String {
    let word = |name: &str| explained.get(name).and_then(Value::as_str);
    let reason = word("reason");
    match explained.get("status").and_then(Value::as_u64) {
        Some(status) => {
            let [reason, message] = [reason, word("message")].map(Option::unwrap_or_default);
            format!("{status} {reason}: {message}")
        }
        None => reason.map_or("passes".to_owned(), |reason| {
            format!("passes as an anonymous request ({reason})")
        }),
    }
}
