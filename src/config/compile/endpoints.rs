//! `logout:` and `whoami:` of a route, and the keys that go with an assertion.

use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::headers::Profile;
use crate::route::{Endpoint, ExpiredCookie, HostPattern, RouteSettings};

/// What the gateway answers itself on this route's host.
pub(super) fn endpoints(route: &Mapping<'_>, identity: &[Profile]) -> Vec<Endpoint> {
    let logout = route.get("logout").and_then(log_out).map(Endpoint::LogOut);
    let whoami = route.get("whoami").and_then(Value::boolean);
    let whoami = whoami.unwrap_or_default().then_some(Endpoint::WhoAmI);
    let signs = |profile: &Profile| matches!(profile, Profile::Assertion(_));
    let key_set = identity.iter().any(signs).then_some(Endpoint::KeySet);
    logout.into_iter().chain(whoami).chain(key_set).collect()
}

fn log_out(value: Value<'_>) -> Option<ExpiredCookie> {
    if !value.is_mapping() {
        return value.boolean()?.then(ExpiredCookie::default);
    }
    let section = value.mapping(keys::LOGOUT)?;
    let text = |key: &'static str| attribute(section.get(key)?);
    let mut cookie = ExpiredCookie {
        domain: text("cookie_domain"),
        ..ExpiredCookie::default()
    };
    if let Some(path) = text("cookie_path") {
        cookie.path = path;
    }
    Some(cookie)
}

/// RFC 6265 §4.1.1: any character but control characters and `;`.
fn attribute(value: Value<'_>) -> Option<String> {
    let text = value.text()?;
    if !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b';')
    {
        return Some(text.to_owned());
    }
    value.fault(
        "not an attribute of a cookie",
        "as it stands in Set-Cookie: visible ASCII without `;`",
    );
    None
}

/// A session must be asked for, and one host has one page of a kind.
pub(super) fn refuse_unusable(
    section: &Mapping<'_>,
    before: &[RouteSettings],
    route: &RouteSettings,
) {
    for endpoint in &route.endpoints {
        let key = match endpoint {
            Endpoint::LogOut(_) => "logout",
            Endpoint::WhoAmI => "whoami",
            // The same keys, whichever route of the host answers.
            Endpoint::KeySet => continue,
        };
        let place = section.get(key).unwrap_or(section.value);
        if route.sources.is_empty() {
            place.fault(
                format!("`{key}` needs a session, and this route asks for none"),
                "give the route an `identity` or `require: session`",
            );
        }
        if let Some(other) = before
            .iter()
            .find(|other| answers(other, &route.host, endpoint))
        {
            place.fault(
                format!(
                    "the route `{}` answers {} on this host already",
                    other.name,
                    endpoint.path()
                ),
                "enable it on one route of a host",
            );
        }
    }
}

fn answers(route: &RouteSettings, host: &HostPattern, endpoint: &Endpoint) -> bool {
    route.host == *host
        && route
            .endpoints
            .iter()
            .any(|other| other.path() == endpoint.path())
}
