//! `explain`: the road of one request, step by step, with the functions that the proxy itself runs.

use super::args::ExplainArgs;
use super::failure::Failure;
use super::output::{print, print_json};
use crate::clock::Now;
use crate::config::{self, ProcessEnvironment};
use crate::observe::Metrics;
use crate::proxy::{Context, Decision, Denial, consider, prepare};
use crate::resolver::Tier;
use crate::route::Endpoint;
use crate::runtime::Runtime;
use http::Version;
use pingora::http::RequestHeader;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Explains one described request against a configuration file.
pub(super) fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let loaded = config::load(&args.config.config, &ProcessEnvironment)?;
    let head = describe(args)?;
    let metrics = Metrics::new().map_err(Failure::from_error)?;
    let runtime =
        Runtime::open(&loaded.blueprint, &metrics, Now::read()).map_err(Failure::from_error)?;
    let workers = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from_error)?;
    let explanation = workers.block_on(Explanation::of(Arc::new(runtime), head))?;
    if args.json {
        print_json(&explanation.to_json())
    } else {
        print(&explanation.to_text())
    }
}

/// The request as it would arrive, from the loopback address.
fn describe(args: &ExplainArgs) -> Result<RequestHeader, Failure> {
    let mut head = RequestHeader::build(args.method.as_str(), args.path.as_bytes(), None)
        .map_err(Failure::from_error)?;
    head.set_version(Version::HTTP_11);
    head.insert_header("Host", args.host.as_str())
        .map_err(Failure::from_error)?;
    for line in &args.headers {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| Failure::from_error(format!("--header {line}: write `Name: value`")))?;
        head.append_header(name.trim().to_owned(), value.trim())
            .map_err(Failure::from_error)?;
    }
    if let Some(token) = &args.token {
        head.append_header("Authorization", format!("Bearer {token}"))
            .map_err(Failure::from_error)?;
    }
    Ok(head)
}

/// Each step's outcome.
struct Explanation {
    context: Context,
    decision: Decision,
    forged: u64,
    upstream_head: Option<RequestHeader>,
}

impl Explanation {
    async fn of(runtime: Arc<Runtime>, head: RequestHeader) -> Result<Self, Failure> {
        for source in runtime.resolver.sources() {
            source.store.start().await;
        }
        let peer = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let mut context = Context::new(runtime, Now::read());
        let decision = consider(&mut context, &head, peer).await;
        let mut explanation = Self {
            context,
            decision,
            forged: 0,
            upstream_head: None,
        };
        let route = explanation.decision.route.clone();
        let route = route.filter(|route| route.endpoint.is_none());
        if let (Ok(_), Some(route)) = (&explanation.decision.verdict, route) {
            let mut sent = head;
            let (context, decision) = (&explanation.context, &explanation.decision);
            explanation.forged =
                prepare(&mut sent, context, decision, &route, peer).map_err(Failure::from_error)?;
            explanation.upstream_head = Some(sent);
        }
        Ok(explanation)
    }

    fn to_json(&self) -> Value {
        let decision = &self.decision;
        let route = decision.route.as_ref();
        json!({
            "host": self.context.target.host,
            "path": self.context.target.path,
            "route": route.map(|route| &route.settings.name),
            "upstream": route.filter(|route| route.endpoint.is_none()).map(|route| route.cluster.name()),
            "endpoint": route.and_then(|route| route.endpoint.as_ref()).map(Endpoint::path),
            "source": self.source(),
            "outcome": decision.standing.as_str(),
            "tier": decision.tier.map(Tier::as_str),
            "sid": decision.sid.map(|sid| sid.to_string()),
            "reason": decision.reason(),
            "status": decision.verdict.err().map(Denial::status),
            "forged_headers": self.forged,
            "upstream_headers": self.lines(),
        })
    }

    fn to_text(&self) -> String {
        let decision = &self.decision;
        let mut text = String::new();
        let mut step = |name: &str, outcome: &str| text.push_str(&format!("{name:<12}{outcome}\n"));
        step(
            "target",
            &format!("{}{}", self.context.target.host, self.context.target.path),
        );
        let route = decision.route.as_ref();
        step(
            "route",
            &route.map_or("none".to_owned(), |route| {
                let to = match &route.endpoint {
                    Some(endpoint) => format!("the gateway's own {}", endpoint.path()),
                    None => route.cluster.name().to_owned(),
                };
                format!("{} -> {to}", route.settings.name)
            }),
        );
        step(
            "credential",
            &self.source().map_or("none shown".to_owned(), |source| {
                format!("for sessions {source}")
            }),
        );
        let sid = decision
            .sid
            .map(|sid| format!(", sid {sid}"))
            .unwrap_or_default();
        step("session", &format!("{}{sid}", decision.standing.as_str()));
        match decision.verdict {
            Ok(_) => step(
                "verdict",
                &format!("passes{}", reason_in_brackets(decision)),
            ),
            Err(denial) => step(
                "verdict",
                &format!("{} {}: {}", denial.status(), denial.as_str(), denial),
            ),
        }
        if self.forged > 0 {
            step(
                "stripped",
                &format!("{} reserved header lines of the client", self.forged),
            );
        }
        if let Some(lines) = self.lines() {
            step("upstream", "would receive");
            for [name, value] in lines {
                text.push_str(&format!("  {name}: {value}\n"));
            }
        }
        text
    }

    fn source(&self) -> Option<&str> {
        let source = self
            .context
            .runtime
            .resolver
            .sources()
            .get(self.decision.source?)?;
        Some(&source.name)
    }

    fn lines(&self) -> Option<Vec<[String; 2]>> {
        let head = self.upstream_head.as_ref()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let lines = head.case_header_iter();
        Some(
            lines
                .map(|(name, value)| [text(name.as_slice()), text(value.as_bytes())])
                .collect(),
        )
    }
}

fn reason_in_brackets(decision: &Decision) -> String {
    decision
        .reason()
        .map(|reason| format!(" as an anonymous request ({reason})"))
        .unwrap_or_default()
}
