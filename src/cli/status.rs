//! `status` and `top`: what a running node says of itself, asked of its admin listener.

use super::args::{ConfigFile, StatusArgs};
use super::failure::Failure;
use super::output::{print, print_json};
use crate::config::{self, ProcessEnvironment};
use crate::listen::Endpoint;
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often `top` asks.
const REFRESH: Duration = Duration::from_secs(1);
/// Largest answer read.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Prints the node's status; exit code 1 when it does not serve.
pub(super) fn status(args: &StatusArgs) -> Result<(), Failure> {
    let status = fetch(&endpoint(&args.config.config)?)?;
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
    let endpoint = endpoint(&config.config)?;
    loop {
        let screen = match fetch(&endpoint) {
            Ok(status) => in_words(&status),
            Err(failure) => format!("{failure}\n"),
        };
        print(&format!("{CLEAR}{screen}"))?;
        std::thread::sleep(REFRESH);
    }
}

fn endpoint(config: &Path) -> Result<Endpoint, Failure> {
    let loaded = config::load(config, &ProcessEnvironment)?;
    loaded.blueprint.admin.ok_or_else(|| {
        Failure::from_error(
            "the configuration has no admin listener to ask; add `admin: 127.0.0.1:9901`",
        )
    })
}

fn fetch(endpoint: &Endpoint) -> Result<Value, Failure> {
    let page = ask(endpoint, "/status.json").map_err(|fault| {
        Failure::from_error(format!(
            "no answer from {endpoint}: {fault}; is the node running?"
        ))
    })?;
    serde_json::from_str(&page).map_err(|_| {
        Failure::from_error(format!(
            "{endpoint} answers, but not as a sessiongate node does"
        ))
    })
}

/// One GET; the body of a 200.
fn ask(endpoint: &Endpoint, path: &str) -> io::Result<String> {
    match endpoint {
        Endpoint::Tcp(address) => ask_tcp(*address, path),
        Endpoint::Any(port) => ask_tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), path),
        Endpoint::Unix(socket) => {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            exchange(stream, path)
        }
    }
}

fn ask_tcp(address: SocketAddr, path: &str) -> io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    exchange(stream, path)
}

fn exchange(mut stream: impl Read + Write, path: &str) -> io::Result<String> {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::InvalidData)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other(
            head.lines().next().unwrap_or_default().to_owned(),
        ));
    }
    Ok(body.to_owned())
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
    use super::{exchange, in_words};
    use serde_json::json;
    use std::io::{self, Cursor, Read, Write};

    struct Canned(Cursor<&'static str>);

    impl Read for Canned {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.read(buf)
        }
    }

    impl Write for Canned {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_200_has_a_body_to_read() {
        let page = |answer| exchange(Canned(Cursor::new(answer)), "/status.json");
        assert_eq!(
            page("HTTP/1.1 200 OK\r\n\r\n{}").ok().as_deref(),
            Some("{}")
        );
        assert!(page("HTTP/1.1 404 Not Found\r\n\r\n{}").is_err());
        assert!(page("garbage").is_err());
    }

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
