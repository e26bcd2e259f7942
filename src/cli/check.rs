//! `check`: every error at once, or who may pass where; `--live` also knocks at stores and upstreams.
#![expect(clippy::print_stderr, reason = "data goes to stdout, talk to stderr")]

use super::args::CheckArgs;
use super::config_file::DEFAULT_CONFIG;
use super::failure::Failure;
use super::output::{print, print_json};
use crate::admin::who_passes;
use crate::clock::Now;
use crate::config::{self, Loaded, ProcessEnvironment};
use crate::observe::Metrics;
use crate::runtime::Runtime;
use crate::store::LookupError;
use crate::token::Credential;
use crate::upstream::Server;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

/// Looked up by `--live`: no session has this token, and an answer shows that the store may be read.
const PROBE: &str = "sessiongate-check";
/// How long `--live` waits for one upstream.
const KNOCK: Duration = Duration::from_secs(2);

/// Checks a file; offline unless told otherwise.
pub(super) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let file = args
        .file
        .as_ref()
        .or(args.config.as_ref())
        .map_or(Path::new(DEFAULT_CONFIG), PathBuf::as_path);
    let loaded = match config::load(file, &ProcessEnvironment) {
        Ok(loaded) => loaded,
        Err(issues) if args.json => {
            print_json(&json!({"ok": false, "errors": issues, "warnings": []}))?;
            return Err(Failure::Said(3));
        }
        Err(issues) => return Err(issues.into()),
    };
    let metrics = Metrics::new().map_err(Failure::from_error)?;
    let runtime =
        Runtime::open(&loaded.blueprint, &metrics, Now::read()).map_err(Failure::from_error)?;
    let knocks = if args.live {
        knock(&loaded, &runtime)?
    } else {
        Vec::new()
    };
    if args.json {
        print_json(&report(&loaded, &knocks))?;
    } else {
        for warning in &loaded.warnings {
            eprintln!("{warning}");
        }
        print(&in_words(&loaded, &runtime, &knocks))?;
    }
    if args.deny_warnings && !loaded.warnings.is_empty() {
        return Err(Failure::Said(3));
    }
    if knocks.iter().any(|knock| knock.fault.is_some()) {
        return Err(Failure::Said(1));
    }
    Ok(())
}

/// What became of one attempt to reach something.
struct Knock {
    what: String,
    fault: Option<String>,
}

fn report(loaded: &Loaded, knocks: &[Knock]) -> Value {
    let live = knocks
        .iter()
        .map(|knock| json!({"what": knock.what, "fault": knock.fault}));
    json!({
        "ok": true,
        "config": loaded.name,
        "hash": loaded.hash,
        "errors": [],
        "warnings": loaded.warnings,
        "live": live.collect::<Vec<_>>(),
    })
}

fn in_words(loaded: &Loaded, runtime: &Runtime, knocks: &[Knock]) -> String {
    let mut text = format!("{}: ok ({})\n", loaded.name, loaded.hash);
    for route in &runtime.all_routes {
        let (name, upstream) = (&route.settings.name, route.cluster.name());
        text.push_str(&format!("  {name} -> {upstream}: {}\n", who_passes(route)));
    }
    for knock in knocks {
        let outcome = knock.fault.as_deref().unwrap_or("reached");
        text.push_str(&format!("  {}: {outcome}\n", knock.what));
    }
    text
}

fn knock(loaded: &Loaded, runtime: &Runtime) -> Result<Vec<Knock>, Failure> {
    let workers = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from_error)?;
    Ok(workers.block_on(async {
        let mut knocks = Vec::new();
        for source in runtime.resolver.sources() {
            let fault = match source
                .store
                .find(&Credential::new(PROBE), Now::read())
                .await
            {
                Err(LookupError::Store(fault)) => Some(fault.to_string()),
                Ok(_) | Err(LookupError::Broken(_) | LookupError::Without(_)) => None,
            };
            knocks.push(Knock {
                what: format!("sessions {}", source.name),
                fault,
            });
        }
        for upstream in &loaded.blueprint.upstreams {
            for server in &upstream.servers {
                let fault = connect(server).await.err();
                knocks.push(Knock {
                    what: format!("upstream {} {server}", upstream.name),
                    fault,
                });
            }
        }
        knocks
    }))
}

async fn connect(server: &Server) -> Result<(), String> {
    let connected = async {
        match server {
            Server::Tcp { host, port } => {
                TcpStream::connect((host.as_str(), *port)).await.map(drop)
            }
            Server::Unix(path) => UnixStream::connect(path).await.map(drop),
        }
    };
    match tokio::time::timeout(KNOCK, connected).await {
        Ok(connected) => connected.map_err(|fault| fault.to_string()),
        Err(_) => Err(format!("no connection within {} s", KNOCK.as_secs())),
    }
}
