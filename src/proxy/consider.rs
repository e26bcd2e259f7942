//! `consider`: a request, from hygiene to verdict. The proxy acts on the result, `explain` prints it.

use super::admit::admit;
use super::body_token::{has_body, look_into_body};
use super::context::Context;
use super::decision::{Decision, Denial};
use super::incoming::Incoming;
use super::own_answer;
use super::reception::{self, Caller, announced_length};
use crate::clock::Now;
use crate::request::{Malformed, RequestView};
use pingora::http::RequestHeader;
use std::net::IpAddr;

/// Decides about one request, and notes in its context who calls, what for, and what the body showed.
///
/// # Errors
/// When the client is gone before its body was there.
pub async fn consider(
    context: &mut Context,
    request: &mut impl Incoming,
    peer: Option<IpAddr>,
) -> pingora::Result<Decision> {
    if let Err(fault) = receive(context, request.head(), peer) {
        return Ok(Decision::refused(None, Denial::Malformed(fault)));
    }
    // Whatever is rare is in a box of its own, so that the usual request does not carry the room for it.
    if has_body(request.head())
        && let Some(refusal) = Box::pin(look_into_body(context, request)).await?
    {
        return Ok(refusal);
    }
    let now = match context.body_wait {
        Some(_) => Now::read(),
        None => context.began,
    };
    let head = request.head();
    let view = RequestView {
        method: &head.method,
        host: context.target.host(),
        path: context.target.path(),
        headers: &head.headers,
    };
    let decision = admit(&context.runtime, &view, &context.body_tokens, now).await;
    let route = context.route_of(&decision);
    let decision = own_answer::check(head, context.target.host(), route, decision);
    let most = context.max_body_bytes(route);
    Ok(refuse_large_body(head, most, decision))
}

/// Who calls and what for, before anything is decided.
fn receive(
    context: &mut Context,
    head: &RequestHeader,
    peer: Option<IpAddr>,
) -> Result<(), Malformed> {
    let Caller {
        client,
        peer_is_trusted,
        request_id,
    } = reception::caller(head, peer, &context.runtime);
    (context.client, context.peer_is_trusted) = (client, peer_is_trusted);
    context.request_id = Some(request_id);
    let target = reception::target(head, &context.runtime);
    let target = target.inspect_err(|_| context.target = reception::refused_target(head));
    context.target = target?;
    Ok(())
}

/// A body that announces more than the route takes is refused before the upstream hears of it.
fn refuse_large_body(head: &RequestHeader, most: Option<u64>, mut decision: Decision) -> Decision {
    let announced = announced_length(head);
    if let (Ok(_), Some(announced), Some(most)) = (&decision.verdict, announced, most)
        && announced > most
    {
        decision.verdict = Err(Denial::BodyTooLarge);
    }
    decision
}
