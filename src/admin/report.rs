//! What the admin pages say, as JSON. Sessions appear as numbers only.

use super::node::Node;
use crate::blueprint::SourceSettings;
use crate::cache::CachePolicy;
use crate::clock::Now;
use crate::headers::Profile;
use crate::observe::Metrics;
use crate::policy::{OnDisabled, OnInvalid};
use crate::resolver::Source;
use crate::route::{HostPattern, PathPattern};
use crate::runtime::Route;
use crate::store::{Feed, FeedMode, StoreSettings};
use serde_json::{Value, json};
use std::time::Duration;

/// `GET /status.json`: the process, its traffic, cache, stores and upstreams.
pub(super) fn status(node: &Node) -> Value {
    let now = Now::read();
    let runtime = node.live.pin();
    let stats = runtime.resolver.cache().stats();
    let blueprint = &node.loaded.blueprint;
    let sources = blueprint
        .sources
        .iter()
        .zip(runtime.resolver.sources())
        .enumerate();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "state": node.state.phase().as_str(),
        "uptime_seconds": now.mono.saturating_duration_since(node.started.mono).as_secs(),
        "config": {"name": node.loaded.name, "hash": node.loaded.hash},
        "listeners": blueprint.listeners.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "requests": {
            "total": Metrics::sum(&node.metrics.requests),
            "in_flight": node.metrics.in_flight_total(),
            "denied": Metrics::sum(&node.metrics.denied),
            "forged_headers": Metrics::sum(&node.metrics.forged_headers),
        },
        "cache": {
            "entries": stats.sessions.entries,
            "negative_entries": stats.absences.entries,
            "max_entries": blueprint.cache.max_entries,
            "loads_in_flight": stats.loads,
            "load_waiters": stats.waiters,
            "evicted": {
                "capacity": stats.sessions.evicted_by_capacity,
                "ttl": stats.sessions.evicted_by_ttl,
            },
            "invalidations": stats.invalidations,
        },
        "sources": sources
            .map(|(at, (settings, source))| source_page(settings, source, runtime.resolver.last_lag(at), &blueprint.cache))
            .collect::<Vec<_>>(),
        "upstreams": upstreams(node),
    })
}

fn source_page(
    settings: &SourceSettings,
    source: &Source,
    lag: Option<Duration>,
    policy: &CachePolicy,
) -> Value {
    let (kind, address) = match &settings.store {
        StoreSettings::Memory(_) => ("memory", None),
        StoreSettings::Redis(redis) => ("redis", Some(redis.servers.to_string())),
        StoreSettings::Carried(carried) => {
            let revoked = carried.revoked.as_ref();
            (
                carried.proof.as_str(),
                revoked.map(|redis| redis.servers.to_string()),
            )
        }
    };
    let servers = source.store.servers();
    let servers = servers
        .iter()
        .map(|server| json!({"address": server.address, "up": server.up}));
    json!({
        "name": source.name,
        "store": kind,
        "address": address,
        "up": source.store.is_up(),
        "servers": servers.collect::<Vec<_>>(),
        "revocation": revocation(source, lag, policy),
        "token": settings.tokens.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// How soon a revocation holds here, at the very most: while changes are announced, while the store must be asked for
/// them, while it is away.
fn revocation(source: &Source, lag: Option<Duration>, policy: &CachePolicy) -> Value {
    let feed = source.store.feed();
    let bound = match (feed.vouching, source.store.is_up()) {
        (true, _) if feed.mode == FeedMode::Process => Duration::ZERO,
        (true, _) => Feed::BOUND,
        (false, true) => source.epoch.trust(policy.ttl),
        (false, false) => policy.ttl + policy.stale_if_error,
    };
    json!({
        "by": feed.mode.as_str(),
        "reason": feed.mode.reason(),
        "announced": feed.vouching,
        "lag_seconds": lag.map(|lag| lag.as_secs_f64()),
        "bound_seconds": bound.as_secs_f64(),
    })
}

/// `GET /config`: what is in force, defaults filled in, secrets as `<redacted>`.
pub(super) fn config(node: &Node) -> Value {
    json!({
        "name": node.loaded.name,
        "hash": node.loaded.hash,
        "config": node.loaded.redacted,
        "warnings": node.loaded.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// `GET /routes`: each route, and in one sentence who may pass.
pub(super) fn routes(node: &Node) -> Value {
    let runtime = node.live.pin();
    runtime
        .all_routes
        .iter()
        .map(|route| route_page(node, route))
        .collect()
}

fn route_page(node: &Node, route: &Route) -> Value {
    let settings = &route.settings;
    let sources = &node.loaded.blueprint.sources;
    let names = settings
        .sources
        .iter()
        .filter_map(|at| sources.get(*at))
        .map(|source| source.name.as_str());
    json!({
        "name": settings.name,
        "host": host_text(&settings.host),
        "path": path_text(&settings.path),
        "upstream": route.cluster.name(),
        "sessions": names.collect::<Vec<_>>(),
        "identity": settings.identity.iter().map(Profile::name).collect::<Vec<_>>(),
        "passes": who_passes(route),
    })
}

fn host_text(host: &HostPattern) -> String {
    match host {
        HostPattern::Exact(name) => name.to_string(),
        HostPattern::Wildcard(suffix) => format!("*{suffix}"),
        HostPattern::Any => "*".to_owned(),
    }
}

fn path_text(path: &PathPattern) -> String {
    match path {
        PathPattern::Exact(path) => path.to_string(),
        PathPattern::Prefix(prefix) => format!("{prefix}*"),
        PathPattern::Any => "/*".to_owned(),
    }
}

/// One sentence: operators read this before they read the settings.
pub(crate) fn who_passes(route: &Route) -> String {
    let settings = &route.settings;
    let mut words = vec![
        if settings.require.session {
            "requests with a session"
        } else {
            "everybody"
        }
        .to_owned(),
    ];
    if !settings.require.roles.is_empty() {
        words.push(format!(
            "of a user with one of the roles {}",
            settings.require.roles.join(", ")
        ));
    }
    if settings.require.verified {
        words.push("whose user is verified".to_owned());
    }
    if settings.sources.is_empty() {
        return words.join(" ");
    }
    words.push(match settings.invalid {
        OnInvalid::Anonymous => "(an invalid session counts as none)".to_owned(),
        OnInvalid::Reject => "(an invalid session is 401)".to_owned(),
    });
    match settings.disabled {
        OnDisabled::Forward => {}
        OnDisabled::Invalid => {
            words.push("(a disabled user's session counts as invalid)".to_owned())
        }
        OnDisabled::Reject => words.push("(a disabled user is 403)".to_owned()),
    }
    words.join(" ")
}

/// `GET /upstreams`: servers and whether they are passed over just now.
pub(super) fn upstreams(node: &Node) -> Value {
    let now = Now::read();
    let runtime = node.live.pin();
    let page = |cluster: &std::sync::Arc<crate::upstream::Cluster>| {
        let servers = cluster.servers().iter().map(|server| {
            json!({
                "server": server.label(),
                "resolved": server.is_resolved(),
                "resting": cluster.rests(server, now.mono),
            })
        });
        json!({"name": cluster.name(), "servers": servers.collect::<Vec<_>>()})
    };
    runtime.clusters.iter().map(page).collect()
}
