//! The request head as the upstream sees it: stripped, forwarded, told who the user is. Works on Pingora's copy for
//! one attempt, so that a retry starts from the client's own head again.

use super::context::Context;
use super::decision::{Decision, Standing};
use crate::clock::Now;
use crate::headers::{Caller, Reserved};
use crate::identity::Identity;
use crate::policy::Pass;
use crate::request::bearer_credentials;
use crate::runtime::Route;
use crate::token::{self, Remaining, Sid};
use http::header::{AUTHORIZATION, COOKIE, EXPECT, HOST};
use http::{HeaderName, HeaderValue};
use pingora::http::RequestHeader;
use std::net::IpAddr;

type Outcome = pingora::Result<()>;

/// `underscores: pass` does not let these through as `Content_Length`: the next hop might frame the body by it.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Makes the upstream's head out of the client's. Returns the number of reserved lines that were removed.
///
/// # Errors
/// When a header cannot be written, which a rendered session rules out.
pub fn prepare(
    head: &mut RequestHeader,
    context: &Context,
    decision: &Decision,
    route: &Route,
    peer: Option<IpAddr>,
) -> pingora::Result<u64> {
    let forged = strip(head, &context.runtime.reserved, route);
    withhold_credentials(head, route)?;
    if context.body_wait.is_some() {
        // The client has been told to go on: who waits for nothing expects nothing (RFC 9110 §10.1.1).
        head.remove_header(&EXPECT);
    }
    forward(head, context, peer)?;
    tell(head, context, decision, route)?;
    Ok(forged)
}

/// Removes what the client may not say. Returns the number of reserved lines removed.
fn strip(head: &mut RequestHeader, reserved: &Reserved, route: &Route) -> u64 {
    let mut forged = 0;
    let mut doomed: Vec<HeaderName> = Vec::new();
    let may_pass = |name: &str| {
        !name.contains('_')
            || (route.passes_underscores() && !FRAMING.iter().any(|framing| begins(name, framing)))
    };
    for name in head.headers.keys() {
        let is_reserved = reserved.is_reserved(name.as_str());
        if is_reserved {
            forged += head.headers.get_all(name).iter().count() as u64;
        }
        if is_reserved || !may_pass(name.as_str()) {
            doomed.push(name.clone());
        }
    }
    for name in &doomed {
        head.remove_header(name);
    }
    forged
}

/// Counts reserved lines in a head that is not forwarded.
pub(super) fn count_forged(head: &RequestHeader, reserved: &Reserved) -> u64 {
    let forged = head
        .headers
        .iter()
        .filter(|(name, _)| reserved.is_reserved(name.as_str()));
    forged.count() as u64
}

/// Takes the places out where this route finds its credentials, and joins cookie crumbs into one line
/// (RFC 9113 §8.2.3).
fn withhold_credentials(head: &mut RequestHeader, route: &Route) -> Outcome {
    match token::strip(&head.headers, &route.withheld_cookies) {
        Remaining::Unchanged => {}
        Remaining::Nothing => {
            head.remove_header(&COOKIE);
        }
        Remaining::Line(line) => head.insert_header(COOKIE, line)?,
    }
    let shown = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    if route.withholds_bearer && shown.and_then(bearer_credentials).is_some() {
        head.remove_header(&AUTHORIZATION);
    }
    Ok(())
}

/// Writes host, target and forwarding headers.
fn forward(head: &mut RequestHeader, context: &Context, peer: Option<IpAddr>) -> Outcome {
    if !context.peer_is_trusted {
        forget_forwarded(head);
    }
    append_forwarded_for(head, peer)?;
    if !head.headers.contains_key("x-forwarded-proto") {
        head.insert_header("X-Forwarded-Proto", HeaderValue::from_static("http"))?;
    }
    if let Some(authority) = &context.target.authority {
        if !head.headers.contains_key("x-forwarded-host") {
            head.insert_header("X-Forwarded-Host", authority.clone())?;
        }
        head.insert_header(HOST, authority.clone())?;
    }
    if context.target.is_rewritten {
        rewrite_target(head, &context.target.path)?;
    }
    match &context.request_id {
        Some(id) => head.insert_header("X-Request-Id", id.clone()),
        None => Ok(()),
    }
}

/// Only a trusted proxy may speak of another client, host or path; with `underscores: pass` also not in a spelling
/// that CGI and the like cannot tell from the real one.
fn forget_forwarded(head: &mut RequestHeader) {
    const SPOKEN_FOR: [&str; 6] = [
        "x-request-id",
        "forwarded",
        "x-real-ip",
        "x-original-url",
        "x-original-uri",
        "x-rewrite-url",
    ];
    let speaks = |name: &&HeaderName| {
        let name = name.as_str();
        let is_spoken_for = |known: &&str| known.len() == name.len() && begins(name, known);
        begins(name, "x-forwarded-") || SPOKEN_FOR.iter().any(is_spoken_for)
    };
    let doomed: Vec<HeaderName> = head.headers.keys().filter(speaks).cloned().collect();
    for name in &doomed {
        head.remove_header(name);
    }
}

/// Whether a lower-case name begins so, `_` read as `-`.
fn begins(name: &str, start: &str) -> bool {
    let dashed = |byte| if byte == b'_' { b'-' } else { byte };
    name.bytes().map(dashed).take(start.len()).eq(start.bytes())
}

/// One line, the peer last. A unix-socket peer has no address to add.
fn append_forwarded_for(head: &mut RequestHeader, peer: Option<IpAddr>) -> Outcome {
    let Some(peer) = peer else { return Ok(()) };
    let mut line = String::new();
    for hops in head.headers.get_all("x-forwarded-for") {
        if let Ok(hops) = hops.to_str() {
            line.push_str(hops);
            line.push_str(", ");
        }
    }
    line.push_str(&peer.to_canonical().to_string());
    head.insert_header("X-Forwarded-For", line)
}

/// Origin-form, canonical path, the query as it came but for bytes that no request line may hold (RFC 3986 §2.1).
fn rewrite_target(head: &mut RequestHeader, path: &str) -> Outcome {
    let mut target = path.as_bytes().to_vec();
    if let Some(query) = head.uri.query() {
        target.push(b'?');
        for byte in query.bytes() {
            match byte {
                b' '..=b'~' => target.push(byte),
                _ => target.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            }
        }
    }
    head.set_raw_path(&target)
}

/// Writes exactly what the route's profiles say about this caller.
fn tell(
    head: &mut RequestHeader,
    context: &Context,
    decision: &Decision,
    route: &Route,
) -> Outcome {
    let Some((at, plan)) = route
        .plan
        .and_then(|at| Some((at, context.runtime.plans.get(at)?)))
    else {
        return Ok(());
    };
    let caller = match (&decision.verdict, &decision.standing) {
        (Ok(Pass::AsValid), Standing::Valid(identity)) => match identity.rendered(at) {
            Ok(rendered) => Caller::Valid {
                rendered,
                requested_role: decision.requested_role.as_ref(),
            },
            Err(fault) => {
                return pingora::Error::e_explain(
                    pingora::ErrorType::InternalError,
                    fault.to_string(),
                );
            }
        },
        (Ok(Pass::AsInvalid), _) => Caller::Invalid,
        _ => Caller::Absent,
    };
    for (name, value) in plan.headers(caller) {
        head.insert_header(name.clone(), value.clone())?;
    }
    match (plan.assertion(), caller, &decision.standing) {
        (Some(assertion), Caller::Valid { .. }, Standing::Valid(identity)) => {
            let value = signed(context, at, identity, decision.sid)?;
            head.insert_header(assertion.name.clone(), value)
        }
        _ => Ok(()),
    }
}

/// Nobody goes on with fewer headers than the route promises.
fn signed(
    context: &Context,
    plan: usize,
    identity: &Identity,
    sid: Option<Sid>,
) -> pingora::Result<HeaderValue> {
    let asserter = context.runtime.asserter.as_ref().zip(sid);
    let asserted = asserter.map(|(asserter, sid)| {
        let now = Now::read().wall;
        asserter.token(plan, identity, sid, now)
    });
    match asserted {
        Some(Ok(Some(value))) => Ok(value),
        Some(Err(fault)) => {
            pingora::Error::e_explain(pingora::ErrorType::InternalError, fault.to_string())
        }
        Some(Ok(None)) | None => pingora::Error::e_explain(
            pingora::ErrorType::InternalError,
            "the route's assertion has no signer",
        ),
    }
}
