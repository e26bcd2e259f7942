//! What a failure of Pingora's means: to the client, to the metrics, to the log.

use super::context::Context;
use super::decision::Denial;
use crate::observe::AttemptResult;
use pingora::{Error, ErrorSource, ErrorType};
use tracing::warn;

/// The kind of failure and the system's own words. Pingora's full text may quote what was received (R13).
pub(super) fn report(context: &Context, fault: &Error) {
    let route = context.route().map_or("none", |route| &route.settings.name);
    let server = context
        .route()
        .and_then(|route| route.cluster.servers().get(context.attempt.server?))
        .map_or("none", |server| server.label());
    let cause = fault
        .root_cause()
        .downcast_ref::<std::io::Error>()
        .map(ToString::to_string);
    let request_id = context.request_id.as_ref().and_then(|id| id.to_str().ok());
    warn!(
        route,
        server,
        kind = fault.etype().as_str(),
        cause,
        request_id,
        "a request failed on its way"
    );
}

/// What the client is told about a failure; `None` when it is gone.
pub(super) fn denial_of(fault: &Error) -> Option<Denial> {
    use ErrorType::{
        ConnectTimedout, ConnectionClosed, HTTPStatus, ReadError, ReadTimedout,
        TLSHandshakeTimedout, WriteError, WriteTimedout,
    };
    let is_timeout = matches!(
        fault.etype(),
        ConnectTimedout | TLSHandshakeTimedout | ReadTimedout | WriteTimedout
    );
    match (fault.esource(), fault.etype()) {
        (_, HTTPStatus(413)) => Some(Denial::BodyTooLarge),
        (ErrorSource::Downstream, ReadTimedout) => Some(Denial::RequestTimeout),
        (ErrorSource::Downstream, WriteError | ReadError | ConnectionClosed | WriteTimedout) => {
            None
        }
        (ErrorSource::Downstream, _) => Some(Denial::BadBody),
        (ErrorSource::Upstream, _) if is_timeout => Some(Denial::UpstreamTimeout),
        (ErrorSource::Upstream, etype) if is_connect(etype) => Some(Denial::UpstreamUnreachable),
        (ErrorSource::Upstream, _) => Some(Denial::UpstreamError),
        (_, ErrorType::ConnectNoRoute) => Some(Denial::UpstreamUnreachable),
        _ => Some(Denial::Internal),
    }
}

fn is_connect(etype: &ErrorType) -> bool {
    use ErrorType::{
        BindError, ConnectError, ConnectNoRoute, ConnectProxyFailure, ConnectRefused, SocketError,
    };
    matches!(
        etype,
        BindError
            | ConnectError
            | ConnectNoRoute
            | ConnectProxyFailure
            | ConnectRefused
            | SocketError
    )
}

pub(super) fn attempt_result(fault: Option<&Error>) -> AttemptResult {
    match fault {
        None => AttemptResult::Response,
        Some(fault) if *fault.esource() == ErrorSource::Upstream => match denial_of(fault) {
            Some(Denial::UpstreamTimeout) => AttemptResult::Timeout,
            _ => AttemptResult::Error,
        },
        Some(_) => AttemptResult::Response,
    }
}
