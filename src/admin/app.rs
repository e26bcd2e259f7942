//! `AdminApp`: the operators' listener. Only GET so far, never on a public address.

use super::node::Node;
use super::report;
use crate::listen::{Endpoint, head_is_complete};
use crate::observe::Phase;
use async_trait::async_trait;
use http::{Method, Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;
use serde_json::{Value, json};
use std::net::IpAddr;

/// Answers `/livez`, `/readyz`, `/metrics`, `/status`, `/status.json`, `/config`, `/routes` and `/upstreams`.
pub struct AdminApp {
    node: Node,
    is_loopback: bool,
}

impl AdminApp {
    /// Reports on `node`, on this endpoint.
    #[must_use]
    pub fn new(node: Node, endpoint: &Endpoint) -> Self {
        let is_loopback = matches!(endpoint, Endpoint::Tcp(address) if address.ip().is_loopback());
        Self { node, is_loopback }
    }

    /// A page in a browser on this host could reach a loopback listener under a name of its own (DNS rebinding):
    /// such a listener answers to loopback names only.
    fn answers_to(&self, host: Option<&str>) -> bool {
        !self.is_loopback || host.is_none_or(is_loopback_name)
    }

    fn route(&self, method: &Method, path: &str) -> Response<Vec<u8>> {
        let page = match path {
            "/livez" => text(StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => self.ready(),
            "/metrics" => self.metrics(),
            "/status" => status_page(),
            "/status.json" => json_page(&report::status(&self.node)),
            "/config" => json_page(&report::config(&self.node)),
            "/routes" => json_page(&report::routes(&self.node)),
            "/upstreams" => json_page(&report::upstreams(&self.node)),
            _ => return problem(StatusCode::NOT_FOUND, "no such page; see /status"),
        };
        if *method == Method::GET || *method == Method::HEAD {
            return page;
        }
        let mut refused = problem(StatusCode::METHOD_NOT_ALLOWED, "this page answers GET only");
        refused
            .headers_mut()
            .insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
        refused
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
        self.node.live.load().publish(&self.node.metrics);
        match self.node.metrics.render() {
            Ok(page) => page_of(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                page,
            ),
            Err(fault) => problem(StatusCode::INTERNAL_SERVER_ERROR, &fault.to_string()),
        }
    }
}

#[async_trait]
impl ServeHttp for AdminApp {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        head_is_complete();
        let head = session.req_header();
        let host = head
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let mut page = if self.answers_to(host) {
            self.route(&head.method, head.uri.path())
        } else {
            problem(
                StatusCode::MISDIRECTED_REQUEST,
                "the admin listener answers to loopback names only",
            )
        };
        if head.method == Method::HEAD {
            page.body_mut().clear();
        }
        page
    }
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

fn text(status: StatusCode, body: String) -> Response<Vec<u8>> {
    page_of(status, "text/plain; charset=utf-8", body)
}

/// One file, nothing fetched from elsewhere; it reads `/status.json` every two seconds.
fn status_page() -> Response<Vec<u8>> {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
    let html = include_str!("status.html").to_owned();
    let mut page = page_of(StatusCode::OK, "text/html; charset=utf-8", html);
    let policy = header::HeaderValue::from_static(POLICY);
    page.headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

fn json_page(value: &Value) -> Response<Vec<u8>> {
    page_of(StatusCode::OK, "application/json", format!("{value:#}\n"))
}

fn problem(status: StatusCode, message: &str) -> Response<Vec<u8>> {
    page_of(
        status,
        "application/json",
        format!("{}\n", json!({ "error": message })),
    )
}

fn page_of(status: StatusCode, content_type: &'static str, body: String) -> Response<Vec<u8>> {
    let mut page = Response::new(body.into_bytes());
    *page.status_mut() = status;
    let length = header::HeaderValue::from(page.body().len());
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length);
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
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
