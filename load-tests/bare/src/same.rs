//! The gateway without its work: its settings, its guard, its buffers, its timeouts, taken from its own library.
//!
//! Not from there are the hooks and the server's configuration: they repeat what `proxy/gateway.rs` and
//! `server/assemble.rs` set, and follow them.

use crate::Args;
use async_trait::async_trait;
use pingora::listeners::ListenerConfig;
use pingora::modules::http::HttpModules;
use pingora::proxy::{ProxyHttp, Session, http_proxy};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::services::listening::Service;
use pingora::upstreams::peer::HttpPeer;
use sessiongate::clock::Now;
use sessiongate::listen::{BUFFERS, ClientLimits, Guarded, head_is_complete};
use sessiongate::proxy::MAX_ATTEMPTS;
use sessiongate::server::MAX_IDLE;
use sessiongate::upstream::{self, Cluster, UpstreamSettings, UpstreamTimeouts};
use thiserror::Error;

struct Same {
    peer: HttpPeer,
    limits: ClientLimits,
}

/// The upstream cannot be one of the gateway.
#[derive(Debug, Error)]
pub enum NotAnUpstream {
    /// Refused when it was opened.
    #[error(transparent)]
    Open(#[from] upstream::OpenError),
    /// It has no address.
    #[error("the upstream has no address")]
    NoAddress,
}

#[async_trait]
impl ProxyHttp for Same {
    type CTX = ();

    fn new_ctx(&self) {}

    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn early_request_filter(
        &self,
        session: &mut Session,
        (): &mut (),
    ) -> pingora::Result<()> {
        head_is_complete();
        let limits = &self.limits;
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(limits.idle_timeout.as_secs().max(1)));
        }
        session.set_read_timeout(Some(limits.read_timeout));
        session.set_write_timeout(Some(limits.write_timeout));
        session.set_total_drain_timeout(Some(limits.read_timeout));
        Ok(())
    }

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(self.peer.clone()))
    }
}

/// Serves until a signal ends it.
///
/// # Errors
/// Before it listens only.
pub fn serve(args: Args) -> Result<(), NotAnUpstream> {
    let conf = ServerConf {
        max_retries: MAX_ATTEMPTS,
        max_blocking_threads: Some(16),
        work_stealing: args.threads > 1,
        upstream_keepalive_pool_size: MAX_IDLE,
        ..args.conf()
    };
    let limits = ClientLimits::default();
    let same = Same {
        peer: peer(args)?,
        limits,
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let proxy = http_proxy(&server.configuration, same);
    let guarded = Guarded::new(proxy, limits.header_timeout, limits.idle_timeout);
    let mut service = Service::new("proxy".to_owned(), guarded);
    let listener = ListenerConfig::tcp(args.listen.to_string());
    service.add_listener(listener.l4_buffer(BUFFERS));
    server.add_service(service);
    server.run_forever()
}

/// As the gateway makes it, with the timeouts it has where the configuration names none.
fn peer(args: Args) -> Result<HttpPeer, NotAnUpstream> {
    let settings = UpstreamSettings {
        name: args.upstream.to_string(),
        servers: vec![upstream::Server::Tcp {
            host: args.upstream.ip().to_string(),
            port: args.upstream.port(),
        }],
        timeouts: UpstreamTimeouts::default(),
    };
    let now = Now::read().mono;
    let picked = Cluster::open(&settings, now)?.pick(now);
    let (_, peer) = picked.ok_or(NotAnUpstream::NoAddress)?;
    Ok(*peer)
}

#[cfg(test)]
mod tests {
    use super::peer;
    use crate::Args;
    use clap::Parser;
    use sessiongate::upstream::UpstreamTimeouts;

    #[test]
    fn the_peer_has_the_address_and_the_patience_of_the_gateway() {
        let line = "bare-pingora --listen [::1]:8081 --upstream [::1]:9000";
        let args = Args::try_parse_from(line.split(' ')).expect("a sound command line");
        let peer = peer(args).expect("an address");
        assert_eq!(peer._address.to_string(), "[::1]:9000");
        assert_eq!(
            peer.options.read_timeout,
            Some(UpstreamTimeouts::default().read)
        );
    }
}
