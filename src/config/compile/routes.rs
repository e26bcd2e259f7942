//! `routes:`.

use super::assertion::Signing;
use super::body_token;
use super::endpoints;
use super::identity;
use super::require;
use super::sessions::Sources;
use super::upstreams::Upstreams;
use crate::config::address;
use crate::config::keys;
use crate::config::raw::Yaml;
use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::headers::Profile;
use crate::listen::ClientLimits;
use crate::policy::Require;
use crate::route::{Credentials, HostPattern, PathPattern, RouteSettings};
use std::collections::{HashMap, HashSet};

/// Every route, at least one; no two that match the same requests or bear the same name.
pub(super) fn read<'a>(
    root: &Mapping<'a>,
    client: &ClientLimits,
    signing: &Signing<'_>,
    upstreams: &mut Upstreams<'a>,
    sources: &mut Sources<'a>,
) -> Vec<RouteSettings> {
    let help = "a list, such as: - upstream: 127.0.0.1:9000";
    let Some(value) = root.required("routes", help) else {
        return Vec::new();
    };
    let items = value.items();
    if items.is_empty() {
        value.fault("no route", help);
    }
    let (mut routes, mut taken) = (Vec::new(), Taken::default());
    for item in items {
        let Some(section) = item.mapping(keys::ROUTE) else {
            continue;
        };
        let Some(route) = route(&section, client, signing, upstreams, sources) else {
            continue;
        };
        if taken.refuse_repeated(&section, &route) {
            continue;
        }
        endpoints::refuse_unusable(&section, &routes, &route);
        routes.push(route);
    }
    routes
}

fn route<'a>(
    section: &Mapping<'a>,
    client: &ClientLimits,
    signing: &Signing<'_>,
    upstreams: &mut Upstreams<'a>,
    sources: &mut Sources<'a>,
) -> Option<RouteSettings> {
    let host = match section.get("host") {
        Some(value) => value.parsed(
            "such as app.example.com or \"*.example.com\"",
            HostPattern::parse,
        ),
        None => Some(HostPattern::Any),
    };
    let path = match section.get("path") {
        Some(value) => value.parsed("such as /admin or /admin/*", PathPattern::parse),
        None => Some(PathPattern::Any),
    };
    let help = format!("a name from `upstreams`, or {}", address::SERVER_HELP);
    let upstream = section
        .required("upstream", &help)
        .and_then(|value| upstreams.resolve(value));
    let service = upstream.and_then(|upstream| upstreams.name(upstream));
    let identity = identity::profiles(section, signing, service.unwrap_or_default());
    let require = require::require(section);
    let credentials = section.choice("credentials", &words::CREDENTIALS);
    let underscores = section.choice("underscores", &words::UNDERSCORES);
    let max_body = section.get("max_body").and_then(Value::bytes_or_none);
    let by_default = match identity.as_slice() {
        [] => Credentials::Keep,
        _ => Credentials::Strip,
    };
    let asked = asked(section, &identity, &require, sources);
    if credentials.is_none() && !identity.is_empty() && sources.are_an_applications(&asked) {
        section.value.place.warn(
            "the service does not get the cookie of the framework whose sessions are read",
            "`credentials: keep` if it runs that framework: it would open a new session and log the user out; else `strip`",
        );
    }
    let settings = RouteSettings {
        name: name(section).unwrap_or_default(),
        body_token_bytes: body_token::body_token(section, &asked, sources),
        sources: asked,
        invalid: require::on_invalid(section, &identity, &require),
        disabled: require::on_disabled(section, &identity, &require),
        credentials: credentials.unwrap_or(by_default),
        underscores: underscores.unwrap_or_default(),
        max_body_bytes: max_body.unwrap_or(client.max_body_bytes),
        host: host?,
        path: path?,
        upstream: upstream?,
        endpoints: endpoints::endpoints(section, &identity),
        identity,
        require,
    };
    Some(settings)
}

/// `name:`, or host and path as the file has them.
fn name(section: &Mapping<'_>) -> Option<String> {
    if let Some(value) = section.get("name") {
        let text = value.text()?;
        let plain = |c: char| !c.is_control();
        if text.len() > 128 || !text.chars().all(plain) {
            value.fault("not a route name", "at most 128 bytes on one line");
        }
        return Some(text.to_owned());
    }
    let part = |key| {
        section.get(key).and_then(|value| match &value.node.yaml {
            Yaml::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
    };
    Some(match (part("host"), part("path")) {
        (None, None) => "*".to_owned(),
        (host, path) => [host.unwrap_or_default(), path.unwrap_or_default()].concat(),
    })
}

/// The sources a route asks: those it names, or all. A route that neither tells nor requires anything asks none.
fn asked<'a>(
    section: &Mapping<'a>,
    identity: &[Profile],
    require: &Require,
    sources: &mut Sources<'a>,
) -> Vec<usize> {
    let named = section.get("sessions");
    let found = named.map(|value| sources.resolve(value));
    if identity.is_empty() && !require.session {
        return Vec::new();
    }
    // A name that was not found has been reported.
    let reported = named.is_some_and(|value| !value.items().is_empty());
    let asked = found.unwrap_or_else(|| sources.all());
    if asked.is_empty() && !reported {
        let key = if identity.is_empty() {
            "require"
        } else {
            "identity"
        };
        let place = named.or_else(|| section.get(key)).unwrap_or(section.value);
        place.fault(
            format!("`{key}` needs a session, and there is no source of sessions"),
            "add `sessions: redis://127.0.0.1:6379`",
        );
    }
    asked
}

/// What the routes before take: ten thousand are not compared with each other.
#[derive(Default)]
struct Taken {
    /// With the name of the route.
    requests: HashMap<(HostPattern, PathPattern), String>,
    names: HashSet<String>,
}

impl Taken {
    /// Whether a route before this one takes its requests or its name; else this one takes them.
    fn refuse_repeated(&mut self, section: &Mapping<'_>, route: &RouteSettings) -> bool {
        let place = |keys: [&'static str; 2]| {
            let mut given = keys.into_iter().filter_map(|key| section.get(key));
            given.next().unwrap_or(section.value)
        };
        let requests = (route.host.clone(), route.path.clone());
        if let Some(other) = self.requests.get(&requests) {
            place(["path", "host"]).fault(
                format!("the route `{other}` takes these requests already"),
                "two routes differ in host or path",
            );
            return true;
        }
        if !self.names.insert(route.name.clone()) {
            let message = format!("another route is called `{}`", route.name);
            place(["name", "host"]).fault(message, "names are metric labels; choose another");
            return true;
        }
        self.requests.insert(requests, route.name.clone());
        false
    }
}
