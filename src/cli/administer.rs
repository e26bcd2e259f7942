//! `session` and `user`: at the store itself where it is Redis, through the node where it is the node's memory.

use super::admin_client::AdminClient;
use super::failure::Failure;
use super::output::print_json;
use super::session_args::Where;
use super::session_text::say;
use crate::admin::{Desk, Errand, Way};
use crate::blueprint::Blueprint;
use crate::clock::Now;
use crate::config::{self, ProcessEnvironment};
use crate::observe::Metrics;
use crate::runtime::Runtime;
use crate::store::StoreSettings;
use serde_json::Value;
use std::time::Duration;

/// Does one errand and prints what came of it.
pub(super) fn administer((errand, place): (Errand, Where)) -> Result<(), Failure> {
    let blueprint = config::load(&place.config.config, &ProcessEnvironment)?.blueprint;
    let source = place.source.as_deref();
    let answer = if is_in_a_node(&blueprint, source) {
        through_the_node(blueprint, &errand, source)?
    } else {
        at_the_store(&blueprint, errand.clone(), source)?
    };
    if place.json {
        print_json(&answer)
    } else {
        say(&errand, &answer)
    }
}

/// Whether a store is concerned that only the node's own process can reach.
fn is_in_a_node(blueprint: &Blueprint, chosen: Option<&str>) -> bool {
    let mut concerned = blueprint
        .sources
        .iter()
        .filter(|source| chosen.is_none_or(|name| source.name == name));
    concerned.any(|source| match &source.store {
        StoreSettings::Memory(_) => true,
        StoreSettings::Carried(carried) => carried.revoked.is_none(),
        StoreSettings::Redis(_) => false,
    })
}

/// Nodes hear of it by pushes or messages, as of anybody else's change.
fn at_the_store(
    blueprint: &Blueprint,
    errand: Errand,
    source: Option<&str>,
) -> Result<Value, Failure> {
    let metrics = Metrics::new().map_err(Failure::from_error)?;
    let now = Now::read();
    let runtime = Runtime::open(blueprint, &metrics, now).map_err(Failure::from_error)?;
    let sources = runtime.resolver.sources();
    let desk = Desk::open(sources, source, Way::CommandLine, now).map_err(Failure::from_error)?;
    let workers = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from_error)?;
    let done = workers.block_on(desk.run(errand));
    Ok(done.map_err(Failure::from_error)?.body)
}

fn through_the_node(
    blueprint: Blueprint,
    errand: &Errand,
    source: Option<&str>,
) -> Result<Value, Failure> {
    let node = AdminClient::of(blueprint, PATIENCE)?;
    let (method, target, body) = errand.to_request(source);
    node.ask(&method, &target, body.as_ref())
}

/// A user with very many sessions takes a while.
const PATIENCE: Duration = Duration::from_secs(30);
