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
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use pingora::http::RequestHeader;
use std::io::Write;
use std::net::IpAddr;

type Outcome = pingora::Result<()>;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `underscores: pass` does not let these through as `Content_Length`: the next hop might frame the body by it.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Bytes of an IPv6 address as text.
const LONGEST_ADDRESS: usize = 39;

/// Room for what is written: one growth of the map instead of several.
const USUALLY_WRITTEN: usize = 12;

/// Forgets how the client spelt its header names, which Pingora keeps in a second map beside the headers: it would be copied,
/// kept in step and written out on every request. From here on names are lower-case, as HTTP/2 has them.
pub(super) fn forget_spelling(head: &mut RequestHeader) {
    // A target that no URI can hold stands beside the parts, and would be lost with the names.
    if is_whole(head) {
        *head = into_parts(head).into();
    }
}

fn is_whole(head: &RequestHeader) -> bool {
    let target = head
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    head.raw_path() == target.as_bytes()
}

/// Leaves an empty head behind.
fn into_parts(head: &mut RequestHeader) -> Parts {
    let (blank, ()) = Request::new(()).into_parts();
    std::mem::replace(head, blank.into()).into()
}

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
    let target = if context.target.is_rewritten {
        Some(rewritten_target(head, context.target.path()))
    } else {
        (!is_whole(head)).then(|| head.raw_path().to_vec())
    };
    let mut parts = into_parts(head);
    let headers = &mut parts.headers;
    headers.reserve(USUALLY_WRITTEN);
    let forged = strip(headers, context, route);
    withhold_credentials(headers, route);
    if context.body_wait.is_some() {
        // The client has been told to go on: who waits for nothing expects nothing (RFC 9110 §10.1.1).
        headers.remove(EXPECT);
    }
    forward(headers, context, peer);
    tell(headers, context, decision, route)?;
    *head = parts.into();
    if let Some(target) = target {
        head.set_raw_path(&target)?;
    }
    Ok(forged)
}

/// Removes what the client may not say. Returns the number of reserved lines removed.
fn strip(headers: &mut HeaderMap, context: &Context, route: &Route) -> u64 {
    let reserved = &context.runtime.reserved;
    let mut forged = 0;
    // Stays empty, and so allocates nothing, where nobody forges.
    let mut doomed: Vec<HeaderName> = Vec::new();
    for name in headers.keys() {
        let text = name.as_str();
        if reserved.is_reserved(text) {
            forged += headers.get_all(name).iter().count() as u64;
        } else if (context.peer_is_trusted || !speaks_of_others(text)) && may_pass(text, route) {
            continue;
        }
        doomed.push(name.clone());
    }
    for name in doomed {
        headers.remove(name);
    }
    forged
}

fn may_pass(name: &str, route: &Route) -> bool {
    !name.contains('_')
        || (route.passes_underscores() && !FRAMING.iter().any(|framing| begins(name, framing)))
}

/// Only a trusted proxy may speak of another client, host or path; with `underscores: pass` also not in a spelling
/// that CGI and the like cannot tell from the real one.
fn speaks_of_others(name: &str) -> bool {
    const SPOKEN_FOR: [&str; 5] = [
        "x-request-id",
        "x-real-ip",
        "x-original-url",
        "x-original-uri",
        "x-rewrite-url",
    ];
    let is_spoken_for = |known: &&str| known.len() == name.len() && begins(name, known);
    name == "forwarded"
        || (name.starts_with('x')
            && (begins(name, "x-forwarded-") || SPOKEN_FOR.iter().any(is_spoken_for)))
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
fn withhold_credentials(headers: &mut HeaderMap, route: &Route) {
    match token::strip(headers, &route.withheld_cookies) {
        Remaining::Unchanged => {}
        Remaining::Nothing => {
            headers.remove(COOKIE);
        }
        Remaining::Line(line) => {
            headers.insert(COOKIE, line);
        }
    }
    if route.withholds_bearer {
        let shown = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        if shown.and_then(bearer_credentials).is_some() {
            headers.remove(AUTHORIZATION);
        }
    }
}

/// Writes host and forwarding headers.
fn forward(headers: &mut HeaderMap, context: &Context, peer: Option<IpAddr>) {
    append_forwarded_for(headers, peer);
    headers
        .entry(FORWARDED_PROTO)
        .or_insert(HeaderValue::from_static("http"));
    if let Some(authority) = context.target.authority() {
        headers
            .entry(FORWARDED_HOST)
            .or_insert_with(|| authority.clone());
        headers.insert(HOST, authority.clone());
    }
    if let Some(id) = &context.request_id {
        headers.insert(REQUEST_ID, id.clone());
    }
}

/// Whether a lower-case name begins so, `_` read as `-`.
fn begins(name: &str, start: &str) -> bool {
    let dashed = |byte| if byte == b'_' { b'-' } else { byte };
    name.bytes().map(dashed).take(start.len()).eq(start.bytes())
}

/// One line, the peer last. A unix-socket peer has no address to add.
fn append_forwarded_for(headers: &mut HeaderMap, peer: Option<IpAddr>) {
    let Some(peer) = peer else { return };
    let mut line = Vec::with_capacity(LONGEST_ADDRESS);
    for hops in headers.get_all(FORWARDED_FOR) {
        if let Ok(hops) = hops.to_str() {
            line.extend_from_slice(hops.as_bytes());
            line.extend_from_slice(b", ");
        }
    }
    write_address(peer.to_canonical(), &mut line);
    // An address after legible text can stand in a header.
    if let Ok(line) = HeaderValue::from_bytes(&line) {
        headers.insert(FORWARDED_FOR, line);
    }
}

/// As its `Display` has it, which for IPv4 costs more than all the rest of the line.
fn write_address(address: IpAddr, line: &mut Vec<u8>) {
    let IpAddr::V4(address) = address else {
        // Writing into memory cannot fail.
        let _ = write!(line, "{address}");
        return;
    };
    for (at, octet) in address.octets().into_iter().enumerate() {
        if at > 0 {
            line.push(b'.');
        }
        if octet >= 100 {
            line.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            line.push(b'0' + octet / 10 % 10);
        }
        line.push(b'0' + octet % 10);
    }
}

/// Origin-form, canonical path, the query as it came but for bytes that no request line may hold (RFC 3986 §2.1).
fn rewritten_target(head: &RequestHeader, path: &str) -> Vec<u8> {
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
    target
}

/// Writes exactly what the route's profiles say about this caller.
fn tell(headers: &mut HeaderMap, context: &Context, decision: &Decision, route: &Route) -> Outcome {
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
        headers.insert(name.clone(), value);
    }
    if let (Some(assertion), Caller::Valid { .. }, Standing::Valid(identity)) =
        (plan.assertion(), caller, &decision.standing)
    {
        let value = signed(context, at, identity, decision.sid)?;
        headers.insert(assertion.name.clone(), value);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::write_address;
    use std::net::IpAddr;

    #[test]
    fn an_address_is_written_as_everybody_writes_it() {
        let octets = (0..=255).map(|octet| IpAddr::from([octet, 7, 255 - octet, 10]));
        let others = ["::1", "2001:db8::ffff:1"].map(|text| text.parse().expect(text));
        for address in octets.chain(others) {
            let mut line = Vec::new();
            write_address(address, &mut line);
            assert_eq!(line, address.to_string().as_bytes());
        }
    }
}
