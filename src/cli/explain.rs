//! `explain`: how a described request is decided, offline or by a running node.

use super::admin_client::AdminClient;
use super::args::ExplainArgs;
use super::failure::Failure;
use super::output::{print, print_json};
use crate::blueprint::Blueprint;
use crate::clock::Now;
use crate::config::{self, ProcessEnvironment};
use crate::explain::{Described, Explanation, in_words};
use crate::live::Pinned;
use crate::observe::Metrics;
use crate::runtime::Runtime;
use http::Method;
use serde_json::Value;
use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Explains one described request.
pub(super) fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let blueprint = config::load(&args.config.config, &ProcessEnvironment)?.blueprint;
    let described = describe(args)?;
    let explained = if args.live {
        ask_the_node(blueprint, &described)?
    } else {
        decide(&blueprint, &described)?
    };
    if args.json {
        print_json(&explained)
    } else {
        print(&in_words(&explained))
    }
}

fn describe(args: &ExplainArgs) -> Result<Described, Failure> {
    let split = |line: &String| {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| Failure::from_error(format!("--header {line}: write `Name: value`")))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    let headers: Result<Vec<_>, Failure> = args.headers.iter().map(split).collect();
    let body = body(args)?;
    let method = if body.is_some() { "POST" } else { "GET" };
    Ok(Described {
        host: args.host.clone(),
        path: args.path.clone(),
        method: args.method.clone().unwrap_or_else(|| method.to_owned()),
        headers: headers?,
        token: args.token.clone(),
        body,
    })
}

fn body(args: &ExplainArgs) -> Result<Option<String>, Failure> {
    let Some(path) = &args.data_file else {
        return Ok(args.data.clone());
    };
    let read = if path.as_os_str() == "-" {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(path)
    };
    let named = |fault| Failure::from_error(format!("--data-file {}: {fault}", path.display()));
    read.map(Some).map_err(named)
}

/// With stores of its own.
fn decide(blueprint: &Blueprint, described: &Described) -> Result<Value, Failure> {
    let metrics = Metrics::new().map_err(Failure::from_error)?;
    let runtime = Runtime::open(blueprint, &metrics, Now::read()).map_err(Failure::from_error)?;
    let runtime = Pinned::from(Arc::new(runtime));
    let workers = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from_error)?;
    let explanation = workers.block_on(async {
        for source in runtime.resolver.sources() {
            source.store.start().await;
        }
        Explanation::of(runtime.clone(), described).await
    });
    Ok(explanation.map_err(Failure::from_error)?.to_json())
}

/// With what the node remembers just now.
fn ask_the_node(blueprint: Blueprint, described: &Described) -> Result<Value, Failure> {
    let node = AdminClient::of(blueprint, PATIENCE)?;
    node.ask(&Method::POST, "/explain", Some(&described.to_json()))
}

const PATIENCE: Duration = Duration::from_secs(30);
