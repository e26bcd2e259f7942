//! `AdminApp`: the operators' listener, never on a public address.

use super::body;
use super::desk::Desk;
use super::errand;
use super::gate::{Gate, Way};
use super::inquiry::Inquiry;
use super::node::Node;
use super::page::{json_page, page, problem, text};
use super::refusal::Refusal;
use super::report;
use super::routes::{Access, Met, Missed, Page, meet};
use crate::blueprint::AdminSettings;
use crate::clock::Now;
use crate::explain::{Described, Explanation, NotARequest};
use crate::identity::Asserter;
use crate::listen::{Endpoint, head_is_complete};
use crate::live::Pinned;
use crate::observe::Phase;
use crate::route::{KEY_SET_CACHE_CONTROL, KEY_SET_TYPE};
use crate::runtime::Runtime;
use async_trait::async_trait;
use http::{HeaderValue, Method, Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;
use std::net::IpAddr;

/// Answers what `ADMIN_ROUTES` lists.
pub struct AdminApp {
    node: Node,
    gate: Gate,
    is_loopback: bool,
}

impl AdminApp {
    /// Reports on `node`, on this listener.
    #[must_use]
    pub fn new(node: Node, settings: &AdminSettings) -> Self {
        let is_loopback =
            matches!(&settings.listen, Endpoint::Tcp(address) if address.ip().is_loopback());
        Self {
            node,
            gate: Gate::new(settings),
            is_loopback,
        }
    }

    /// A page in a browser on this host could reach a loopback listener under a name of its own (DNS rebinding):
    /// such a listener answers to loopback names only.
    fn answers_to(&self, host: Option<&HeaderValue>) -> bool {
        let is_ours = |host: &HeaderValue| host.to_str().is_ok_and(is_loopback_name);
        !self.is_loopback || host.is_none_or(is_ours)
    }

    async fn answer(&self, session: &mut ServerSession) -> Result<Response<Vec<u8>>, Refusal> {
        let head = session.req_header();
        if !self.answers_to(head.headers.get(header::HOST)) {
            return Err(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the admin listener answers to loopback names only",
            ));
        }
        let uri = head.uri.clone();
        let met = match meet(&head.method, uri.path()) {
            Ok(met) => met,
            Err(missed) => return Ok(astray(missed)),
        };
        if met.access == Access::Open {
            return Ok(self.show(met.page));
        }
        let way = self.gate.admit(&head.headers)?;
        let body = body::read(session).await?;
        self.serve(&met, uri.query(), &body, way).await
    }

    fn show(&self, page: Page) -> Response<Vec<u8>> {
        let report = match page {
            Page::Live => return text(StatusCode::OK, "ok\n".to_owned()),
            Page::Ready => return self.ready(),
            Page::Metrics => return self.metrics(),
            Page::Status => return status_page(),
            Page::KeySet => return key_set(&self.node.live.pin()),
            Page::StatusJson => report::status(&self.node),
            Page::Config => report::config(&self.node),
            Page::Routes => report::routes(&self.node),
            Page::Upstreams => report::upstreams(&self.node),
            _ => return problem(StatusCode::NOT_FOUND, NO_PAGE),
        };
        json_page(StatusCode::OK, &report)
    }

    async fn serve(
        &self,
        met: &Met<'_>,
        query: Option<&str>,
        body: &[u8],
        way: Way,
    ) -> Result<Response<Vec<u8>>, Refusal> {
        // Connections live in the runtime of the proxy, which makes them.
        if self.node.state.phase() == Phase::Starting {
            return Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the node is still starting; ask again in a moment",
            ));
        }
        let runtime = self.node.live.pin();
        if met.page == Page::Explain {
            return explain(runtime, body).await;
        }
        let inquiry = Inquiry::read(met.page, met.name, query, body)?;
        let sources = runtime.resolver.sources();
        let desk = Desk::open(sources, inquiry.source.as_deref(), way, Now::read())?;
        let answer = desk.run(inquiry.errand).await?;
        Ok(json_page(answer.status, &answer.body))
    }

    /// A store that is away does not make a node unready while it can serve.
    fn ready(&self) -> Response<Vec<u8>> {
        let phase = self.node.state.phase();
        let status = match phase {
            Phase::Serving => StatusCode::OK,
            Phase::Starting | Phase::Draining => StatusCode::SERVICE_UNAVAILABLE,
        };
        text(status, format!("{}\n", phase.as_str()))
    }

    fn metrics(&self) -> Response<Vec<u8>> {
        self.node.live.pin().publish(&self.node.metrics);
        match self.node.metrics.render() {
            Ok(metrics) => page(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                metrics,
            ),
            Err(fault) => problem(StatusCode::INTERNAL_SERVER_ERROR, &fault.to_string()),
        }
    }
}

#[async_trait]
impl ServeHttp for AdminApp {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        head_is_complete();
        let mut page = match self.answer(session).await {
            Ok(page) => page,
            Err(refusal) => refused(&refusal),
        };
        // What is left of a body would be taken for the next request, or be waited for.
        if !session.is_body_done() {
            session.set_keepalive(None);
        }
        if session.req_header().method == Method::HEAD {
            page.body_mut().clear();
        }
        page
    }
}

/// Decides as the proxy would, with what this node remembers: a lookup like any other.
async fn explain(runtime: Pinned<Runtime>, body: &[u8]) -> Result<Response<Vec<u8>>, Refusal> {
    let bad = |fault: NotARequest| Refusal::bad(fault.to_string());
    let described = Described::parse(errand::object(body)?).map_err(bad)?;
    let explanation = Explanation::of(runtime, &described).await.map_err(bad)?;
    Ok(json_page(StatusCode::OK, &explanation.to_json()))
}

/// As the proxy answers it on the hosts of routes that write an assertion.
fn key_set(runtime: &Runtime) -> Response<Vec<u8>> {
    let keys = runtime.asserter.as_ref().map(Asserter::key_set);
    let keys = keys.map_or_else(
        || NO_KEYS.to_owned(),
        |keys| String::from_utf8_lossy(keys).into_owned(),
    );
    let mut page = page(StatusCode::OK, KEY_SET_TYPE, keys);
    let kept = HeaderValue::from_static(KEY_SET_CACHE_CONTROL);
    page.headers_mut().insert(header::CACHE_CONTROL, kept);
    page
}

const NO_KEYS: &str = "{\"keys\":[]}";
const NO_PAGE: &str = "no such page; see /status";

fn astray(missed: Missed) -> Response<Vec<u8>> {
    let Missed::Method(methods) = missed else {
        return problem(StatusCode::NOT_FOUND, NO_PAGE);
    };
    let message = format!("this page answers {methods} only");
    let mut page = problem(StatusCode::METHOD_NOT_ALLOWED, &message);
    if let Ok(allow) = HeaderValue::from_str(&methods) {
        page.headers_mut().insert(header::ALLOW, allow);
    }
    page
}

fn refused(refusal: &Refusal) -> Response<Vec<u8>> {
    let mut page = problem(refusal.status, &refusal.message);
    if refusal.status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer realm=\"sessiongate admin\"");
        page.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    page
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// One file, nothing fetched from elsewhere; it reads `/status.json` every two seconds.
fn status_page() -> Response<Vec<u8>> {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
    let html = include_str!("status.html").to_owned();
    let mut page = page(StatusCode::OK, "text/html; charset=utf-8", html);
    let policy = HeaderValue::from_static(POLICY);
    page.headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

#[cfg(test)]
mod tests {
    use super::is_loopback_name;

    #[test]
    fn only_loopback_names_are_loopback() {
        for host in [
            "localhost",
            "LOCALHOST:9901",
            "127.0.0.1:9901",
            "127.0.0.2",
            "[::1]:9901",
            "[::1]",
        ] {
            assert!(is_loopback_name(host), "{host}");
        }
        for host in [
            "evil.example:9901",
            "127.0.0.1.evil.example",
            "10.0.0.1:9901",
            "",
            "[fe80::1]",
        ] {
            assert!(!is_loopback_name(host), "{host}");
        }
    }
}
