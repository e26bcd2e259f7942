//! The token in a body: when a body is read before the decision, and what is refused because it cannot be read.

use super::context::Context;
use super::decision::{Decision, Denial};
use super::failure::denial_of;
use super::incoming::Incoming;
use super::reception::announced_length;
use crate::clock::Now;
use crate::runtime::Route;
use crate::token::{BodyKind, BodyTokens, asks_body};
use http::header::{CONTENT_ENCODING, TRANSFER_ENCODING};
use http::{HeaderMap, Method};
use pingora::http::RequestHeader;
use std::sync::Arc;

/// Of a request that has a body: looks into it where the decision may hang on it, and leaves what it shows in the context. Gives the refusal of
/// a body that should be looked into and cannot be: passed on as if it held no token, it would make another user, or
/// none, of whoever sent it.
///
/// # Errors
/// When the client is gone.
pub(super) async fn look_into_body(
    context: &mut Context,
    request: &mut impl Incoming,
) -> pingora::Result<Option<Decision>> {
    let Context {
        target, runtime, ..
    } = &*context;
    let met = runtime.routes.find(target.host(), target.path());
    let Some((at, route)) = met else {
        return Ok(None);
    };
    let Some(cap) = route.settings.body_token_bytes else {
        return Ok(None);
    };
    let route = Arc::clone(route);
    let wanted = match wanted(&route, cap, request.head()) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => return Ok(None),
        Err(denial) => return Ok(Some(Decision::refused(Some(at), denial))),
    };
    let (asked, patience) = (Now::read(), context.runtime.client.read_timeout);
    let read = request.body(wanted.most, patience).await;
    context.body_wait = Some(Now::read().mono.saturating_duration_since(asked.mono));
    let denial = match read {
        Ok(Some(body)) => {
            context.body_tokens = BodyTokens::find(&route.tokens, wanted.kind, &body);
            return Ok(None);
        }
        Ok(None) => wanted.past_most,
        Err(fault) => match denial_of(&fault) {
            Some(denial) => denial,
            None => {
                context.decide(Decision::open(at));
                return Err(fault);
            }
        },
    };
    Ok(Some(Decision::refused(Some(at), denial)))
}

/// A body to be looked into.
struct Wanted {
    kind: BodyKind,
    /// In bytes.
    most: usize,
    /// What a larger one is refused with.
    past_most: Denial,
}

/// Whether there is a body that may be looked into: that of a GET has no meaning (RFC 9110 §9.3.1).
pub(super) fn has_body(head: &RequestHeader) -> bool {
    let is_chunked = || head.headers.contains_key(TRANSFER_ENCODING);
    !matches!(head.method, Method::GET | Method::HEAD)
        && (announced_length(head).is_some_and(|length| length > 0) || is_chunked())
}

/// Whether the body has to be read; or why it is refused unread.
fn wanted(route: &Route, cap: u64, head: &RequestHeader) -> Result<Option<Wanted>, Denial> {
    let Some(kind) = asks_body(&route.tokens, &head.headers) else {
        return Ok(None);
    };
    let (most, past_most) = match route.settings.max_body_bytes {
        Some(most) if most < cap => (most, Denial::BodyTooLarge),
        _ => (cap, Denial::TokenBodyTooLarge),
    };
    if announced_length(head).is_some_and(|length| length > most) {
        return Err(past_most);
    }
    if is_encoded(&head.headers) {
        return Err(Denial::EncodedBody);
    }
    Ok(Some(Wanted {
        kind,
        most: usize::try_from(most).unwrap_or(usize::MAX),
        past_most,
    }))
}

/// RFC 9110 §8.4: `identity` is none.
fn is_encoded(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    codings
        .map(<[u8]>::trim_ascii)
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use super::is_encoded;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn only_a_coding_that_changes_bytes_counts() {
        let cases: [(&[&'static str], bool); 7] = [
            (&[], false),
            (&[""], false),
            (&["identity"], false),
            (&["Identity, identity"], false),
            (&["gzip"], true),
            (&["identity", "br"], true),
            (&["identity,gzip"], true),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("content-encoding", HeaderValue::from_static(line));
            }
            assert_eq!(is_encoded(&headers), expected, "{lines:?}");
        }
    }
}
