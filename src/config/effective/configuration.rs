//! The configuration in force, as JSON in the shape of the file: defaults filled in, secrets as `<redacted>`.

use super::carried;
use super::redis::redis;
use super::sections::{self, REDACTED, set, texts};
use crate::blueprint::{Blueprint, SourceSettings};
use crate::config::units::{show_bytes, show_duration};
use crate::config::words::{self, word};
use crate::headers::{CustomHeader, HasuraProfile, IdentityTypes, Profile};
use crate::identity::AssertionSettings;
use crate::jwt::{SigningAlgorithm, SigningKey};
use crate::listen::ClientLimits;
use crate::observe::LogSettings;
use crate::policy::Require;
use crate::route::{Endpoint, RouteSettings};
use crate::store::{Envelope, StoreSettings};
use crate::token::TokenSource;
use crate::upstream::UpstreamSettings;
use serde_json::{Map, Value, json};

/// The whole file.
pub(in crate::config) fn configuration(blueprint: &Blueprint) -> Value {
    let named = |(name, value): (&String, Value)| (name.clone(), value);
    // An address that a route names directly is no entry of `upstreams`; only it can hold a colon.
    let groups = blueprint
        .upstreams
        .iter()
        .filter(|group| !group.name.contains(':'));
    let upstreams = groups.map(|group| (&group.name, upstream(group)));
    let sources = blueprint.sources.iter().map(|one| (&one.name, source(one)));
    let mut file = json!({
        "listen": texts(&blueprint.listeners),
        "trusted_proxies": texts(&blueprint.trusted_proxies),
        "client": client(&blueprint.client),
        "upstreams": upstreams.map(named).collect::<Map<_, _>>(),
        "sessions": sources.map(named).collect::<Map<_, _>>(),
        "cache": cache(blueprint),
        "routes": blueprint.routes.iter().map(|one| route(one, blueprint)).collect::<Value>(),
        "log": log(blueprint.log),
        "shutdown": {"drain": show_duration(blueprint.drain)},
    });
    if let Some(admin) = &blueprint.admin {
        let mut section = json!({"listen": admin.listen.to_string()});
        if admin.token.is_some() {
            set(&mut section, "token", REDACTED.into());
        }
        set(&mut file, "admin", section);
    }
    if let Some(settings) = &blueprint.assertion {
        set(&mut file, "assertion", assertion(settings));
    }
    if let Some(threads) = blueprint.threads {
        set(&mut file, "threads", threads.get().into());
    }
    file
}

fn limit(size: Option<u64>) -> String {
    size.map_or_else(|| "none".to_owned(), show_bytes)
}

fn client(limits: &ClientLimits) -> Value {
    json!({
        "timeout": {
            "header": show_duration(limits.header_timeout),
            "idle": show_duration(limits.idle_timeout),
            "read": show_duration(limits.read_timeout),
            "write": show_duration(limits.write_timeout),
        },
        "max_header": show_bytes(u64::try_from(limits.max_header_bytes).unwrap_or(u64::MAX)),
        "max_headers": limits.max_headers,
        "max_body": limit(limits.max_body_bytes),
    })
}

fn upstream(group: &UpstreamSettings) -> Value {
    json!({
        "servers": texts(&group.servers),
        "balance": "round_robin",
        "timeout": {
            "connect": show_duration(group.timeouts.connect),
            "read": show_duration(group.timeouts.read),
            "write": show_duration(group.timeouts.write),
            "idle": show_duration(group.timeouts.idle),
        },
    })
}

fn source(source: &SourceSettings) -> Value {
    let mut section = match &source.store {
        StoreSettings::Redis(store) => {
            let mut section = json!({"redis": redis(store)});
            if let Some(key) = &store.key {
                set(&mut section, "key", key.to_string().into());
            }
            section
        }
        StoreSettings::Memory(store) if store.sessions.is_empty() => json!({"memory": {}}),
        StoreSettings::Memory(_) => json!({"memory": {"seed": REDACTED}}),
        StoreSettings::Carried(carried) => carried::section(carried),
    };
    let tokens = source.tokens.iter().enumerate();
    let tokens = tokens.map(|(place, shown)| token(shown, source.store.envelope(place)));
    set(&mut section, "token", tokens.collect());
    if let Some(idle) = source.idle_timeout {
        set(&mut section, "idle_timeout", show_duration(idle).into());
    }
    section
}

fn token(source: &TokenSource, envelope: Option<&Envelope>) -> Value {
    match (source, envelope) {
        (TokenSource::Bearer, _) => "bearer".into(),
        (
            TokenSource::SignedCookie { cookie, .. } | TokenSource::Cookie(cookie),
            Some(envelope),
        ) => json!({"cookie_session": carried::cookie_session(cookie, envelope)}),
        (TokenSource::Cookie(cookie) | TokenSource::SignedCookie { cookie, .. }, None) => {
            json!({"cookie": sections::cookie(cookie)})
        }
        (TokenSource::Form(field), _) => json!({"form": field.as_str()}),
        (TokenSource::Json(path), _) => json!({"json": path.names()}),
    }
}

fn cache(blueprint: &Blueprint) -> Value {
    let policy = &blueprint.cache;
    json!({
        "max_entries": policy.max_entries,
        "ttl": show_duration(policy.ttl),
        "negative_ttl": show_duration(policy.negative_ttl),
        "stale_if_error": show_duration(policy.stale_if_error),
        "invalidation": word(&words::INVALIDATION, &blueprint.invalidation),
    })
}

fn assertion(settings: &AssertionSettings) -> Value {
    let signs = settings.keys.first().map(SigningKey::algorithm);
    json!({
        "issuer": settings.issuer,
        "algorithm": signs.map(SigningAlgorithm::as_str),
        "keys": settings.keys.iter().map(|_| REDACTED).collect::<Value>(),
        "lifetime": show_duration(settings.lifetime),
        "header": settings.header,
    })
}

fn route(route: &RouteSettings, blueprint: &Blueprint) -> Value {
    let upstream = blueprint.upstreams.get(route.upstream);
    let sources = route
        .sources
        .iter()
        .filter_map(|i| blueprint.sources.get(*i));
    json!({
        "name": route.name,
        "host": route.host.to_string(),
        "path": route.path.to_string(),
        "upstream": upstream.map(|group| group.name.as_str()),
        "sessions": sources.map(|source| source.name.as_str()).collect::<Value>(),
        "identity": match route.identity.as_slice() {
            [] => "none".into(),
            profiles => profiles.iter().map(profile).collect::<Value>(),
        },
        "require": requirement(&route.require),
        "invalid": word(&words::INVALID, &route.invalid),
        "disabled": word(&words::DISABLED, &route.disabled).unwrap_or("invalid"),
        "credentials": word(&words::CREDENTIALS, &route.credentials),
        "underscores": word(&words::UNDERSCORES, &route.underscores),
        "max_body": limit(route.max_body_bytes),
        "body_token": route.body_token_bytes.map_or(Value::from(false), |most| show_bytes(most).into()),
        "logout": route.endpoints.iter().find_map(logout).unwrap_or(false.into()),
        "whoami": route.endpoints.contains(&Endpoint::WhoAmI),
    })
}

fn logout(endpoint: &Endpoint) -> Option<Value> {
    let Endpoint::LogOut(cookie) = endpoint else {
        return None;
    };
    let mut section = json!({"cookie_path": cookie.path});
    if let Some(domain) = &cookie.domain {
        set(&mut section, "cookie_domain", domain.as_str().into());
    }
    Some(section)
}

fn profile(profile: &Profile) -> Value {
    match profile {
        Profile::Skygear(IdentityTypes::Seed) => "skygear".into(),
        Profile::Skygear(IdentityTypes::Any) => json!({"profile": "skygear", "types": "any"}),
        Profile::Authgear => "authgear".into(),
        Profile::Hasura(options) => hasura(*options),
        Profile::Custom(headers) => {
            let line =
                |header: &CustomHeader| (header.name.clone(), header.value.to_string().into());
            json!({"headers": headers.iter().map(line).collect::<Map<_, _>>()})
        }
        Profile::Assertion(header) => {
            json!({"profile": "assertion", "audience": header.audience, "header": header.name})
        }
    }
}

fn hasura(options: HasuraProfile) -> Value {
    json!({
        "profile": "hasura",
        "allowed_roles": options.allowed_roles,
        "anonymous_role_request": word(&words::ANONYMOUS_ROLE, &options.anonymous_role),
    })
}

fn requirement(require: &Require) -> Value {
    if require.roles.is_empty() && !require.verified {
        return if require.session {
            "session"
        } else {
            "optional"
        }
        .into();
    }
    let mut section = json!({"session": true, "verified": require.verified});
    if !require.roles.is_empty() {
        set(&mut section, "roles", require.roles.clone().into());
    }
    section
}

fn log(log: LogSettings) -> Value {
    json!({
        "level": word(&words::LEVELS, &log.level),
        "format": word(&words::FORMATS, &log.format),
        "access": word(&words::ACCESS, &log.access),
    })
}
