//! `impl ProxyHttp`: Pingora's phases in the order they run, each a few lines.

use super::access_log::{AccessLogger, Finished};
use super::consider::consider;
use super::context::Context;
use super::decision::Denial;
use super::failure::{attempt_result, denial_of, report};
use super::linger::linger;
use super::own_answer;
use super::reception::restore_length;
use super::reply::{deny, end_hop_by_hop};
use super::upstream_head;
use crate::clock::Now;
use crate::listen::head_is_complete;
use crate::observe::AttemptResult;
use crate::request::is_known_method;
use crate::runtime::Live;
use crate::upstream::prepare_tunnel;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType};
use std::net::IpAddr;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

/// Attempts at an upstream, connections that the server closed while they were pooled included.
pub const MAX_ATTEMPTS: usize = 16;

/// Servers that may refuse a connection before the client hears of it.
const MAX_CONNECTS: usize = 3;

/// How long an upgraded connection may be silent: Pingora would cut a WebSocket after a minute.
const UPGRADED_IDLE: Duration = Duration::from_secs(3600);

/// The proxy application.
pub struct Gateway {
    live: Arc<Live>,
    access_log: AccessLogger,
}

impl Gateway {
    /// Serves whatever runtime is live when a request begins.
    #[must_use]
    pub fn new(live: Arc<Live>, access_log: AccessLogger) -> Self {
        Self { live, access_log }
    }

    /// Answers what goes no further: refused, or for the gateway itself. `Ok(true)` tells Pingora so.
    async fn settle(session: &mut Session, context: &mut Context) -> pingora::Result<bool> {
        let Some(decision) = context.decision() else {
            return Ok(false);
        };
        let verdict = decision.verdict;
        let forged = upstream_head::count_forged(session.req_header(), &context.runtime.reserved);
        context.metrics().forged_headers.inc_by(forged);
        context.overhead = context.spent(Now::read_mono());
        match (verdict, context.route()) {
            (Err(denial), _) => {
                context.metrics().denied(denial.as_str());
                deny(session, denial, context.request_id.as_ref()).await?;
            }
            (Ok(_), Some(route)) => own_answer::answer(session, context, route).await?,
            (Ok(_), None) => {}
        }
        Ok(true)
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context::new(self.live.pin(), Now::read())
    }

    /// No module: the default one costs five allocations a request and does nothing here.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn early_request_filter(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<()> {
        head_is_complete();
        upstream_head::forget_spelling(session.req_header_mut());
        let limits = &context.runtime.client;
        // Pingora's keep-alive has no end unless it is set on every request.
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(limits.idle_timeout.as_secs().max(1)));
        }
        session.set_read_timeout(Some(limits.read_timeout));
        session.set_write_timeout(Some(limits.write_timeout));
        session.set_total_drain_timeout(Some(limits.read_timeout));
        Ok(())
    }

    async fn request_filter(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<bool> {
        restore_length(session);
        let peer = peer_of(session);
        let decision = consider(context, session, peer).await?;
        context.decide(decision);
        if context.passes() {
            return Ok(false);
        }
        // In a box of its own, so that a request that passes does not carry the room for it.
        Box::pin(Self::settle(session, context)).await
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<Box<HttpPeer>> {
        let now = Now::read_mono();
        if context.attempt.count == 0 {
            context.overhead = context.spent(now);
        }
        // What has been read of the body is sent, and counted, again.
        context.body_bytes = 0;
        context.attempt.count += 1;
        context.attempt.asked_at = Some(now);
        let picked = context.route().and_then(|route| route.cluster.pick(now));
        let Some((server, mut peer)) = picked else {
            return Error::e_explain(
                ErrorType::ConnectNoRoute,
                "no server of the upstream has an address yet",
            );
        };
        context.attempt.server = Some(server);
        if is_websocket(session.req_header()) {
            prepare_tunnel(&mut peer);
            peer.options.read_timeout = Some(UPGRADED_IDLE);
        }
        Ok(peer)
    }

    async fn connected_to_upstream(
        &self,
        _: &mut Session,
        _reused: bool,
        _: &HttpPeer,
        _: RawFd,
        _: Option<&Digest>,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let now = Now::read_mono();
        if let (Some(asked), Some(route)) = (context.attempt.asked_at, context.route()) {
            route
                .connect_duration
                .observe(now.saturating_duration_since(asked));
        }
        context.attempt.connected_at = Some(now);
        Ok(())
    }

    fn fail_to_connect(
        &self,
        _: &mut Session,
        _: &HttpPeer,
        context: &mut Context,
        mut fault: Box<Error>,
    ) -> Box<Error> {
        let server = context.attempt.server;
        if let (Some(route), Some(server)) = (context.route(), server) {
            route.cluster.rest(server, Now::read_mono());
            count_attempt(context, AttemptResult::ConnectError);
        }
        // Nothing has been sent: another server may have it, whatever the method.
        context.attempt.refused += 1;
        fault.set_retry(context.attempt.refused < MAX_CONNECTS);
        fault
    }

    /// A pooled connection may have been closed by the server meanwhile. Only what may be repeated is sent again: an
    /// idempotent request (RFC 9110 §9.2.2) whose body is at hand and whose answer has not begun.
    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        mut fault: Box<Error>,
        context: &mut Context,
        was_reused: bool,
    ) -> Box<Error> {
        let is_repeatable = session.req_header().method.is_idempotent()
            && !session.as_ref().retry_buffer_truncated()
            && session.response_written().is_none_or(|head| {
                context.body_wait.is_some() && head.status == StatusCode::CONTINUE
            });
        if !is_repeatable {
            fault.set_retry(false);
        } else if *fault.etype() == ErrorType::WriteError
            && *fault.esource() == ErrorSource::Upstream
        {
            fault.set_retry(was_reused);
        } else {
            fault.retry.decide_reuse(was_reused);
        }
        fault
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        head: &mut RequestHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let (Some(decision), Some(route)) = (context.decision(), context.route()) else {
            return Error::e_explain(
                ErrorType::InternalError,
                "no decision was made for this request",
            );
        };
        let forged = upstream_head::prepare(head, context, decision, route, peer_of(session))?;
        if !context.attempt.counted_forged {
            route.metrics.forged_headers.inc_by(forged);
            context.attempt.counted_forged = true;
        }
        if let Some(connected) = context.attempt.connected_at {
            context.overhead += Now::read_mono().saturating_duration_since(connected);
        }
        Ok(())
    }

    async fn request_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        _end: bool,
        context: &mut Context,
    ) -> pingora::Result<()> {
        context.body_bytes += body.as_ref().map_or(0, Bytes::len) as u64;
        match context.max_body_bytes(context.route()) {
            Some(most) if context.body_bytes > most => Error::e_explain(
                ErrorType::HTTPStatus(Denial::BodyTooLarge.status()),
                "the request body passed the route's limit",
            ),
            _ => Ok(()),
        }
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            // RFC 9110 §15.2.2: nobody asked, so whatever follows belongs to no message that we could pass on.
            if !is_websocket(session.req_header()) {
                let fault = Error::explain(ErrorType::InvalidHTTPHeader, "a 101 not asked for");
                return Err(fault.into_up());
            }
            session.set_read_timeout(Some(UPGRADED_IDLE));
        } else {
            end_hop_by_hop(head);
        }
        match &context.request_id {
            Some(id) if !head.status.is_informational() => {
                head.insert_header("X-Request-Id", id.clone())
            }
            _ => Ok(()),
        }
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        fault: &Error,
        context: &mut Context,
    ) -> FailToProxy {
        let denial = denial_of(fault);
        if *fault.esource() != ErrorSource::Downstream {
            report(context, fault);
        }
        let is_answered = session
            .response_written()
            .is_some_and(|head| !head.status.is_informational());
        if let (Some(denial), false) = (denial, is_answered) {
            context.metrics().denied(denial.as_str());
            session.set_keepalive(None);
            // The client may be gone, and there is nobody else to tell.
            let _ = deny(session, denial, context.request_id.as_ref()).await;
        }
        FailToProxy {
            error_code: denial.map_or(0, Denial::status),
            can_reuse_downstream: false,
        }
    }

    /// `report` says it; what fails on the client's side is its own affair, and in the access log.
    fn suppress_error_log(&self, _: &Session, _: &Context, _: &Error) -> bool {
        true
    }

    /// Never the query, which may hold a token (R13).
    fn request_summary(&self, session: &Session, context: &Context) -> String {
        format!(
            "{} {}{}",
            session.req_header().method,
            context.target.host(),
            context.target.path()
        )
    }

    async fn logging(&self, session: &mut Session, fault: Option<&Error>, context: &mut Context) {
        let status = session
            .response_written()
            .map(|head| head.status)
            .filter(|status| {
                !status.is_informational() || *status == StatusCode::SWITCHING_PROTOCOLS
            })
            .unwrap_or_else(client_gone);
        let took = Now::read_mono().saturating_duration_since(context.began.mono);
        if context.attempt.connected_at.is_some() {
            count_attempt(context, attempt_result(fault));
        }
        let metrics = context.metrics();
        metrics.answered(status);
        metrics.duration.observe(took);
        metrics.overhead.observe(context.overhead);
        let method = legible_method(session.req_header());
        self.access_log.log(
            context,
            &Finished {
                status,
                bytes: session.body_bytes_sent(),
                took,
                method,
            },
        );
        let is_told = session.response_written().is_some();
        let is_there = fault.is_none_or(|fault| *fault.esource() != ErrorSource::Downstream);
        if is_told && is_there {
            linger(session).await;
        }
    }
}

fn count_attempt(context: &Context, result: AttemptResult) {
    let route = context.route();
    let server = route.and_then(|route| route.servers.get(context.attempt.server?));
    if let Some(server) = server {
        server.count(result);
    }
}

/// The only upgrade that Pingora passes on (RFC 6455 §4.1).
fn is_websocket(head: &RequestHeader) -> bool {
    let upgrade = head.headers.get(http::header::UPGRADE);
    upgrade.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// An unknown method is the client's own words, of any length.
fn legible_method(head: &RequestHeader) -> &str {
    Some(&head.method)
        .filter(|method| is_known_method(method))
        .map_or("-", Method::as_str)
}

/// No answer was written: nginx's 499, the client closed the connection.
fn client_gone() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// `None` on a unix socket.
fn peer_of(session: &Session) -> Option<IpAddr> {
    session
        .client_addr()
        .and_then(|peer| peer.as_inet())
        .map(std::net::SocketAddr::ip)
}
