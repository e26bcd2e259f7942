//! What the gateway answers itself on a route: logging out, telling a browser who it is, and the keys of assertions.

use super::context::Context;
use super::decision::{Decision, Denial, Standing};
use super::reply::{Own, deny, reply};
use crate::clock::UnixMillis;
use crate::identity::Identity;
use crate::request::canonical_host;
use crate::route::{Endpoint, ExpiredCookie};
use crate::runtime::Route;
use crate::timestamp;
use crate::token::{Extraction, TokenSource, extract};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use serde_json::json;
use time::OffsetDateTime;

/// Refuses a method that the endpoint does not take, and a change that another site's page asks for.
pub(super) fn check(
    head: &RequestHeader,
    host: &str,
    route: Option<&Route>,
    mut decision: Decision,
) -> Decision {
    let endpoint = route.and_then(|route| route.endpoint.as_ref());
    let Some(endpoint) = endpoint.filter(|_| decision.verdict.is_ok()) else {
        return decision;
    };
    if !endpoint.takes(&head.method) {
        decision.verdict = Err(Denial::WrongMethod(endpoint.allowed()));
    } else if head.method == Method::POST && is_cross_site(&head.headers, host) {
        decision.verdict = Err(Denial::CrossSite);
    }
    decision
}

/// Answers a request that has passed.
///
/// # Errors
/// When the client is gone.
pub(super) async fn answer(
    session: &mut Session,
    context: &Context,
    route: &Route,
) -> pingora::Result<()> {
    let standing = context
        .decision()
        .map_or(&Standing::Absent, |decision| &decision.standing);
    match (&route.endpoint, standing) {
        (Some(Endpoint::LogOut(cookie)), _) => log_out(session, context, route, cookie).await,
        (Some(Endpoint::WhoAmI), Standing::Valid(identity)) => {
            let own = Own::json(StatusCode::OK, &who(identity));
            reply(session, own, context.request_id.as_ref()).await
        }
        (Some(Endpoint::KeySet), _) => key_set(session, context).await,
        // The route's policy has let nobody else pass.
        _ => deny(session, Denial::Internal, context.request_id.as_ref()).await,
    }
}

async fn key_set(session: &mut Session, context: &Context) -> pingora::Result<()> {
    let request_id = context.request_id.as_ref();
    match &context.runtime.asserter {
        Some(asserter) => {
            let own = Own::key_set(asserter.key_set().clone());
            reply(session, own, request_id).await
        }
        None => deny(session, Denial::Internal, request_id).await,
    }
}

/// Revokes first: a browser whose cookie is gone while the session lives could not try again.
async fn log_out(
    session: &mut Session,
    context: &Context,
    route: &Route,
    cookie: &ExpiredCookie,
) -> pingora::Result<()> {
    let head = session.req_header();
    let place = match extract(&route.tokens, &head.headers, &context.body_tokens) {
        Extraction::Absent => None,
        Extraction::Unusable { source, .. } => Some(source),
        Extraction::Found { shown, source } => {
            if let Some((_, owner)) = route.owner(source, shown.token) {
                let resolver = &context.runtime.resolver;
                let ended = resolver.log_out(owner.source, owner.place, shown).await;
                if let Err(fault) = ended {
                    let denial = Denial::StoreDown(fault.kind);
                    return deny(session, denial, context.request_id.as_ref()).await;
                }
            }
            Some(source)
        }
    };
    let shown = place.and_then(|place| route.tokens.get(place));
    let mut own = Own::empty(StatusCode::NO_CONTENT);
    let names = shown.into_iter().flat_map(TokenSource::cookies);
    let lines = names.filter_map(|name| expired(name.as_str(), cookie));
    own.headers = lines.map(|line| (header::SET_COOKIE, line)).collect();
    reply(session, own, context.request_id.as_ref()).await
}

fn who(identity: &Identity) -> serde_json::Value {
    json!({
        "user_id": identity.user_id(),
        "roles": identity.roles().collect::<Vec<_>>(),
        "default_role": identity.default_role(),
        "verified": identity.verified,
        "disabled": identity.disabled,
        "expires_at": identity.expires_at.and_then(rfc3339),
    })
}

fn rfc3339(at: UnixMillis) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000).ok()?;
    let mut text = String::new();
    timestamp::write(at, &mut text).ok()?;
    Some(text)
}

/// RFC 6265 §4.1: what is set with an end in the past is removed. The prefixes ask for `Secure`.
fn expired(name: &str, cookie: &ExpiredCookie) -> Option<HeaderValue> {
    let mut line = format!(
        "{name}=; Path={}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
        cookie.path
    );
    if let Some(domain) = &cookie.domain {
        line.push_str("; Domain=");
        line.push_str(domain);
    }
    if name.starts_with("__Host-") || name.starts_with("__Secure-") {
        line.push_str("; Secure");
    }
    HeaderValue::from_str(&line).ok()
}

/// Browsers say so by themselves (Fetch Metadata); older ones name at least the page's origin.
fn is_cross_site(headers: &HeaderMap, host: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return !matches!(site.as_bytes(), b"same-origin" | b"same-site" | b"none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let origin = origin.to_str().ok().and_then(|text| text.split_once("://"));
    let page = origin.and_then(|(_, authority)| canonical_host(authority).ok());
    page.is_none_or(|page| page.name() != host)
}

#[cfg(test)]
mod tests {
    use super::{expired, is_cross_site};
    use crate::route::ExpiredCookie;
    use http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn another_sites_page_is_told_by_what_browsers_send() {
        let cases = [
            (vec![], false),
            (vec![("sec-fetch-site", "same-origin")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "none")], false),
            (vec![("sec-fetch-site", "cross-site")], true),
            (vec![("sec-fetch-site", "odd")], true),
            (vec![("origin", "https://app.test")], false),
            (vec![("origin", "https://APP.test:8443")], false),
            (vec![("origin", "https://evil.test")], true),
            (vec![("origin", "https://app.test.evil.test")], true),
            (vec![("origin", "null")], true),
        ];
        for (lines, expected) in cases {
            let headers: HeaderMap = lines
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .collect();
            assert_eq!(is_cross_site(&headers, "app.test"), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_cookie_is_expired_where_it_was_set() {
        let plain = expired("session", &ExpiredCookie::default()).expect("a line");
        assert_eq!(
            plain,
            "session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"
        );
        let place = ExpiredCookie {
            path: "/app".to_owned(),
            domain: Some("example.com".to_owned()),
        };
        let placed = expired("__Secure-sid", &place).expect("a line");
        let placed = placed.to_str().expect("ascii");
        assert!(
            placed.contains("Path=/app;") && placed.ends_with("; Domain=example.com; Secure"),
            "{placed}"
        );
    }
}
