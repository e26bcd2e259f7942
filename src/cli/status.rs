//! `status` and `top`: what a running node says of itself, asked of its admin listener.

use super::admin_client::AdminClient;
use super::args::StatusArgs;
use super::config_file::ConfigFile;
use super::failure::Failure;
use super::output::{print, print_json};
use crate::config::{self, ProcessEnvironment};
use http::Method;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often `top` asks.
const REFRESH: Duration = Duration::from_secs(1);

/// Prints the node's status; exit code 1 when it does not serve.
pub(super) fn status(args: &StatusArgs) -> Result<(), Failure> {
    let status = fetch(&node(&args.config.config)?)?;
    if args.json {
        print_json(&status)?;
    } else {
        print(&in_words(&status))?;
    }
    if word(&status, "/state") == "serving" {
        Ok(())
    } else {
        Err(Failure::Said(1))
    }
}

/// The same, refreshed on one screen until Ctrl-C.
pub(super) fn top(config: &ConfigFile) -> Result<(), Failure> {
    const CLEAR: &str = "\x1b[2J\x1b[H";
    let node = node(&config.config)?;
    loop {
        let screen = match fetch(&node) {
            Ok(status) => in_words(&status),
            Err(failure) => format!("{failure}\n"),
        };
        print(&format!("{CLEAR}{screen}"))?;
        std::thread::sleep(REFRESH);
    }
}

fn node(config: &Path) -> Result<AdminClient, Failure> {
    let loaded = config::load(config, &ProcessEnvironment)?;
    AdminClient::of(loaded.blueprint, PATIENCE)
}

fn fetch(node: &AdminClient) -> Result<Value, Failure> {
    node.ask(&Method::GET, "/status.json", None)
}

/// The lines that an operator reads first.
fn in_words(status: &Value) -> String {
    let word = |pointer| word(status, pointer);
    let number = |pointer| number(status, pointer);
    let mut text = format!(
        "sessiongate {} {}, up {} s, configuration {} ({})\n",
        word("/version"),
        word("/state"),
        number("/uptime_seconds"),
        word("/config/name"),
        word("/config/hash"),
    );
    text.push_str(&format!(
        "requests   {} answered, {} in flight, {} denied, {} forged header lines stripped\n",
        number("/requests/total"),
        number("/requests/in_flight"),
        number("/requests/denied"),
        number("/requests/forged_headers"),
    ));
    text.push_str(&format!(
        "cache      {} of {} sessions, {} unknown tokens remembered\n",
        number("/cache/entries"),
        number("/cache/max_entries"),
        number("/cache/negative_entries"),
    ));
    list(status, "/sources").for_each(|source| text.push_str(&source_line(source)));
    for upstream in list(status, "/upstreams") {
        list(upstream, "/servers").for_each(|server| text.push_str(&server_line(upstream, server)));
    }
    text
}

fn source_line(source: &Value) -> String {
    let state = if is_true(source, "/up") { "up" } else { "DOWN" };
    let words = ["/name", "/store", "/address"].map(|pointer| word(source, pointer));
    let words = words.join(" ");
    let mut text = format!(
        "sessions   {} {state}, {}\n",
        words.trim_end(),
        revocation(source)
    );
    // Sentinels and clusters are configured by other addresses than those of the servers in use.
    let servers = list(source, "/servers");
    for server in servers.filter(|server| word(server, "/address") != word(source, "/address")) {
        let state = if is_true(server, "/up") { "up" } else { "DOWN" };
        let address = word(server, "/address");
        text.push_str(&format!("           {address} {state}\n"));
    }
    text
}

/// How soon a revocation holds on the node.
fn revocation(source: &Value) -> String {
    let seconds = |pointer| source.pointer(pointer).and_then(Value::as_f64);
    let bound = seconds("/revocation/bound_seconds").unwrap_or_default();
    match (
        is_true(source, "/revocation/announced"),
        seconds("/revocation/lag_seconds"),
    ) {
        (true, Some(lag)) => format!("revocations pushed, the last canary in {:.2} ms", lag * 1e3),
        (true, None) => "revocations pushed".to_owned(),
        (false, _) => format!("revocations hold after {bound} s"),
    }
}

fn server_line(upstream: &Value, server: &Value) -> String {
    let state = if !is_true(server, "/resolved") {
        "name not resolved"
    } else if is_true(server, "/resting") {
        "refused a connection just now"
    } else {
        "in turn"
    };
    format!(
        "upstream   {} {} {state}\n",
        word(upstream, "/name"),
        word(server, "/server")
    )
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn number(value: &Value, pointer: &str) -> i64 {
    value
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

fn is_true(value: &Value, pointer: &str) -> bool {
    value
        .pointer(pointer)
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use serde_json::json;

    #[test]
    fn a_store_that_is_down_stands_out() {
        let status = json!({
            "version": "1", "state": "serving", "uptime_seconds": 3, "config": {"name": "c", "hash": "h"},
            "requests": {"total": 1, "in_flight": 0, "denied": 0, "forged_headers": 2},
            "cache": {"entries": 1, "max_entries": 10, "negative_entries": 0},
            "sources": [{"name": "web", "store": "redis", "address": "redis://r:6379", "up": false,
                         "revocation": {"announced": false, "lag_seconds": 0.0004, "bound_seconds": 60.0}},
                        {"name": "api", "store": "redis", "address": "cluster of s:6379", "up": true,
                         "servers": [{"address": "redis://s:6379", "up": true}, {"address": "redis://t:6379", "up": false}],
                         "revocation": {"announced": true, "lag_seconds": 0.0004, "bound_seconds": 2.0}}],
            "upstreams": [{"name": "a", "servers": [{"server": "a:1", "resolved": true, "resting": true}]}],
        });
        let words = in_words(&status);
        assert!(
            words.contains("web redis redis://r:6379 DOWN, revocations hold after 60 s\n"),
            "{words}"
        );
        assert!(
            words.contains("           redis://s:6379 up\n           redis://t:6379 DOWN\n"),
            "{words}"
        );
        assert!(
            words.contains("upstream   a a:1 refused a connection just now\n"),
            "{words}"
        );
    }
}
