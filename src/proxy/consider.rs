//! `consider`: a request head, from hygiene to verdict. The proxy acts on the result, `explain` prints it.

use super::admit::admit;
use super::context::Context;
use super::decision::{Decision, Denial};
use super::own_answer;
use super::reception::{self, Caller};
use crate::request::RequestView;
use crate::runtime::Runtime;
use pingora::http::RequestHeader;
use std::net::IpAddr;

/// Decides about one request, and notes in its context who calls and what for.
pub async fn consider(
    context: &mut Context,
    head: &RequestHeader,
    peer: Option<IpAddr>,
) -> Decision {
    let Caller {
        client,
        peer_is_trusted,
        request_id,
    } = reception::caller(head, peer, &context.runtime);
    (context.client, context.peer_is_trusted) = (client, peer_is_trusted);
    context.request_id = Some(request_id);
    context.target = match reception::target(head, &context.runtime) {
        Ok(target) => target,
        Err(fault) => {
            context.target = reception::refused_target(head);
            return Decision::refused(None, Denial::Malformed(fault));
        }
    };
    let view = RequestView {
        method: &head.method,
        host: &context.target.host,
        path: &context.target.path,
        headers: &head.headers,
    };
    let decision = admit(&context.runtime, &view, context.began).await;
    let decision = own_answer::check(head, &context.target.host, decision);
    refuse_large_body(head, &context.runtime, decision)
}

/// A body that announces more than the route takes is refused before the upstream hears of it.
fn refuse_large_body(head: &RequestHeader, runtime: &Runtime, mut decision: Decision) -> Decision {
    let announced = head.headers.get(http::header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let most = match &decision.route {
        Some(route) => route.settings.max_body_bytes,
        None => runtime.client.max_body_bytes,
    };
    if let (Ok(_), Some(announced), Some(most)) = (&decision.verdict, announced, most)
        && announced > most
    {
        decision.verdict = Err(Denial::BodyTooLarge);
    }
    decision
}
