//! Builds the Pingora server: services, their order, threads; and runs it to its end.

use super::lifecycle::{LAST_LINES, Lifecycle};
use super::proxy_service::ProxyService;
use super::pulse::pulse;
use super::signals::Signals;
use super::sockets::{BindError, Sockets, table_key};
use crate::admin::{AdminApp, Node};
use crate::blueprint::Blueprint;
use crate::clock::Now;
use crate::config::Loaded;
use crate::listen::{BUFFERS, ClientLimits, Endpoint, Guarded};
use crate::observe::{LineWriter, Metrics, ServerState};
use crate::proxy::{AccessLogger, Gateway, MAX_ATTEMPTS};
use crate::runtime::{Live, OpenError, Runtime};
use pingora::apps::HttpServerApp;
use pingora::listeners::ListenerConfig;
use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server};
use pingora::services::listening::Service;
use std::fs::Permissions;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::thread::available_parallelism;
use thiserror::Error;
use tracing::info;

/// Why a valid configuration does not run on this host.
#[derive(Debug, Error)]
pub enum ServeError {
    /// An address is taken or not ours.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A part cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The metric families contradict each other.
    #[error("cannot register the metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// No thread for the access log.
    #[error("cannot start the access log: {0}")]
    AccessLog(#[from] io::Error),
}

/// Unused connections that are kept, times threads, to all services together, until `idle` ends them. Past it the oldest is closed
/// and somebody connects anew, which costs more than all the rest of a request; Pingora's own 128 are too few for 20,000 requests
/// a second that take 10 ms.
pub const MAX_IDLE: usize = 1024;

/// Serves until a signal ends it. Logging must have been installed.
///
/// # Errors
/// Before the first request only: when an address is taken or a part cannot be opened.
pub fn serve(loaded: Loaded) -> Result<(), ServeError> {
    let metrics = Arc::new(Metrics::new()?);
    let now = Now::read();
    let blueprint = &loaded.blueprint;
    let runtime = Runtime::open(blueprint, &metrics, now)?;
    metrics
        .config_info
        .with_label_values(&[&loaded.hash])
        .set(1);
    let sockets = Sockets::bind(blueprint.listeners.iter().chain(admin_endpoint(blueprint)))?;
    let lines = LineWriter::start(io::stdout(), metrics.access_log_dropped.clone())?;
    let lines = Arc::new(lines);
    let state = Arc::new(ServerState::new());
    announce(&loaded);

    let mut server = Server::new_with_opt_and_conf(None, server_conf(blueprint));
    server.bootstrap();
    let live = Arc::new(Live::new(runtime));
    let node = Node {
        live,
        metrics,
        state: Arc::clone(&state),
        started: now,
        loaded,
    };
    add_services(&mut server, sockets, &lines, node);
    server.run(RunArgs {
        shutdown_signal: Box::new(Signals::new(state)),
    });
    lines.flush(LAST_LINES);
    Ok(())
}

/// Sockets first, then what listens on them, then whoever says that all of it serves.
fn add_services(server: &mut Server, sockets: Sockets, lines: &Arc<LineWriter>, node: Node) {
    let blueprint = &node.loaded.blueprint;
    let access_log = AccessLogger::new(Arc::clone(lines), blueprint.log);
    let gateway = Gateway::new(Arc::clone(&node.live), access_log);
    let (pulse, heart) = pulse();
    let sockets = server.add_service(sockets);
    let proxy = ProxyService {
        inner: proxy_service(server, gateway, blueprint),
        live: Arc::clone(&node.live),
        heart: Some(heart),
    };
    let proxy = server.add_service(proxy);
    proxy.add_dependency(&sockets);
    let lifecycle = Lifecycle {
        state: Arc::clone(&node.state),
        live: Arc::clone(&node.live),
        metrics: Arc::clone(&node.metrics),
        access_log: Arc::clone(lines),
        pulse,
        phases: Some(server.watch_execution_phase()),
    };
    let lifecycle = server.add_service(lifecycle);
    lifecycle.add_dependency(&proxy);
    if let Some(settings) = blueprint.admin.clone() {
        let limits = blueprint.client;
        let app = AdminApp::new(node, &settings);
        let admin = server.add_service(admin_service(&settings.listen, app, limits));
        admin.add_dependency(&sockets);
        lifecycle.add_dependency(&admin);
    }
}

fn admin_endpoint(blueprint: &Blueprint) -> Option<&Endpoint> {
    blueprint.admin.as_ref().map(|admin| &admin.listen)
}

/// Everything explicit: Pingora's own defaults are one thread and a stop that takes five minutes.
fn server_conf(blueprint: &Blueprint) -> ServerConf {
    let cores = || available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = blueprint.threads.map_or_else(cores, NonZeroUsize::get);
    ServerConf {
        threads,
        // Alone, a thread has nobody to take work from, and is cheaper without the means to. Several without them would wake
        // each other for every answer: a pooled connection stays with the thread that opened it.
        work_stealing: threads > 1,
        grace_period_seconds: Some(blueprint.drain.as_secs_f64().ceil() as u64),
        graceful_shutdown_timeout_seconds: Some(1),
        max_retries: MAX_ATTEMPTS,
        max_blocking_threads: Some(16),
        upstream_keepalive_pool_size: MAX_IDLE,
        ..ServerConf::default()
    }
}

fn proxy_service(
    server: &Server,
    gateway: Gateway,
    blueprint: &Blueprint,
) -> Service<Guarded<HttpProxy<Gateway>>> {
    let proxy = http_proxy(&server.configuration, gateway);
    let limits = blueprint.client;
    let guarded = Guarded::new(proxy, limits.header_timeout, limits.idle_timeout);
    let mut service = Service::new("proxy".to_owned(), guarded);
    for endpoint in &blueprint.listeners {
        // Whoever may reach the socket's folder may connect.
        listen(&mut service, endpoint, 0o666);
    }
    service
}

fn admin_service(
    endpoint: &Endpoint,
    app: AdminApp,
    limits: ClientLimits,
) -> Service<Guarded<AdminApp>> {
    let guarded = Guarded::new(app, limits.header_timeout, limits.idle_timeout);
    let mut service = Service::new("admin".to_owned(), guarded);
    service.threads = Some(1);
    listen(&mut service, endpoint, 0o600);
    service
}

fn listen<A>(service: &mut Service<A>, endpoint: &Endpoint, mode: u32)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let key = table_key(endpoint);
    let listener = match endpoint {
        Endpoint::Any(_) | Endpoint::Tcp(_) => ListenerConfig::tcp(key),
        Endpoint::Unix(_) => ListenerConfig::uds(key).permissions(Permissions::from_mode(mode)),
    };
    service.add_listener(listener.l4_buffer(BUFFERS));
}

/// One line each for what an operator wants to see first.
fn announce(loaded: &Loaded) {
    let blueprint = &loaded.blueprint;
    info!(version = env!("CARGO_PKG_VERSION"), config = %loaded.name, hash = %loaded.hash, "starting");
    for endpoint in &blueprint.listeners {
        info!(%endpoint, "listening");
    }
    if let Some(endpoint) = admin_endpoint(blueprint) {
        info!(%endpoint, "admin listening");
    }
}
