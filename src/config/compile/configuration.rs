//! The whole file.

use super::assertion::Signing;
use super::cache;
use super::client;
use super::listeners;
use super::operations;
use super::routes;
use super::sessions::Sources;
use super::upstreams::Upstreams;
use crate::blueprint::Blueprint;
use crate::config::keys;
use crate::config::reading::Value;

/// Reads every section, so that all faults are reported. What it gives is whole only if none was.
pub(in crate::config) fn blueprint(root: Value<'_>) -> Option<Blueprint> {
    let root = root.mapping(keys::ROOT)?;
    operations::version(&root);
    let listeners = listeners::listen(&root).unwrap_or_default();
    let trusted_proxies = listeners::trusted_proxies(&root);
    let client = client::limits(&root);
    let mut upstreams = Upstreams::read(&root);
    let remembering = cache::read(&root);
    let mut sources = Sources::read(&root, remembering.invalidation);
    let signing = Signing::read(&root);
    let routes = routes::read(&root, &client, &signing, &mut upstreams, &mut sources);
    Some(Blueprint {
        trusted_proxies,
        client,
        upstreams: upstreams.finish(),
        sources: sources.finish(),
        cache: remembering.policy,
        assertion: signing.into_settings(),
        invalidation: remembering.invalidation,
        routes,
        admin: operations::admin(&root, &listeners),
        threads: operations::threads(&root),
        log: operations::log(&root),
        drain: operations::drain(&root),
        listeners,
    })
}
