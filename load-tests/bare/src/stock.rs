//! The plainest proxy: one hook, no timeout, everything else as Pingora has it.

use crate::Args;
use async_trait::async_trait;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::upstreams::peer::HttpPeer;
use std::net::SocketAddr;

struct Stock {
    upstream: SocketAddr,
}

#[async_trait]
impl ProxyHttp for Stock {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> pingora::Result<Box<HttpPeer>> {
        let peer = HttpPeer::new(self.upstream, false, String::new());
        Ok(Box::new(peer))
    }
}

/// Serves until a signal ends it.
pub fn serve(args: Args) -> ! {
    let mut server = Server::new_with_opt_and_conf(None, args.conf());
    server.bootstrap();
    let stock = Stock {
        upstream: args.upstream,
    };
    let mut service = http_proxy_service(&server.configuration, stock);
    service.add_tcp(&args.listen.to_string());
    server.add_service(service);
    server.run_forever()
}
