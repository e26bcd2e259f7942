//! A request and its answer through Pingora, with the gateway and with a proxy that does nothing else.

use crate::browser;
use crate::gateway::{Gateway, TOKEN};
use allocation_counter::measure;
use async_trait::async_trait;
use pingora::apps::HttpServerApp;
use pingora::http::RequestHeader;
use pingora::modules::http::HttpModules;
use pingora::protocols::http::ServerSession;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::{GetSocketDigest, SocketDigest};
use pingora::proxy::{ProxyHttp, Session, http_proxy};
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;
use sessiongate::listen::Guarded;
use sessiongate::observe::{LineWriter, LogFormat, LogSettings};
use sessiongate::proxy::{AccessLogger, Gateway as Proxy};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;
use tokio::sync::watch;

/// What a hit may cost more than a request that nobody looks at: own allocations, those that our header lines and
/// timeouts make Pingora do, and the line of the access log.
const MOST_BESIDE_PINGORA: u64 = 18;

const REQUESTS: usize = 100;

#[test]
fn a_proxied_hit_allocates_little_more_than_pingora_alone() {
    let upstream = upstream();
    let bearer = browser::bearer(TOKEN);
    let head = browser::head("skygear", &[("Authorization", &bearer)]);
    let conf = Arc::new(ServerConf::default());

    let alone = least(&Arc::new(http_proxy(&conf, Alone(upstream))), &head);

    let gateway = Gateway::open(upstream);
    let dropped = prometheus::IntCounter::new("dropped", "dropped").expect("a name");
    let lines = LineWriter::start(io::sink(), dropped).expect("a thread");
    let log = LogSettings {
        format: LogFormat::Json,
        ..LogSettings::default()
    };
    let client = gateway.live.pin().client;
    let proxy = http_proxy(
        &conf,
        Proxy::new(
            Arc::clone(&gateway.live),
            AccessLogger::new(Arc::new(lines), log),
        ),
    );
    let guarded = Guarded::new(proxy, client.header_timeout, client.idle_timeout);
    let ours = least(&Arc::new(guarded), &head);

    let more = ours.saturating_sub(alone);
    assert!(
        more <= MOST_BESIDE_PINGORA,
        "{ours}, {alone} of them Pingora's own: {more} more, not {MOST_BESIDE_PINGORA}"
    );
}

/// Of many requests on one connection the one that allocated least: Pingora makes its date anew every second and a timer
/// every ten milliseconds, for whoever comes first.
fn least<A>(app: &Arc<A>, head: &RequestHeader) -> u64
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut request = b"GET /api/articles?page=2 HTTP/1.1\r\n".to_vec();
    head.header_to_h1_wire(&mut request);
    request.extend_from_slice(b"\r\n");
    let client = thread::spawn(move || ask(address, &request));
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (_, shutdown) = watch::channel(false);
    let mut session = executor.block_on(async { accept(&listener) });
    let mut counts = Vec::new();
    loop {
        let mut reused = None;
        let counted = measure(|| {
            reused = executor.block_on(app.process_new_http(session, &shutdown));
        });
        let Some((stream, settings)) = reused.map(|reused| reused.consume()) else {
            break;
        };
        counts.push(counted.count_total);
        session = ServerSession::new_http1(stream);
        if let Some(settings) = settings {
            settings.apply_to_session(&mut session);
        }
    }
    client.join().expect("every answer is 200");
    assert_eq!(counts.len(), REQUESTS);
    counts.into_iter().min().unwrap_or_default()
}

/// As Pingora's own listener does it.
fn accept(listener: &TcpListener) -> ServerSession {
    let (stream, peer) = listener.accept().expect("a connection");
    stream.set_nonblocking(true).expect("a socket");
    stream.set_nodelay(true).expect("a socket");
    let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
    let _ = digest.peer_addr.set(Some(peer.into()));
    let stream = tokio::net::TcpStream::from_std(stream).expect("a socket");
    let mut stream = Stream::from(stream);
    stream.set_socket_digest(digest);
    let mut session = ServerSession::new_http1(Box::new(stream));
    session.set_keepalive(Some(60));
    session
}

fn ask(gateway: SocketAddr, request: &[u8]) {
    let mut connection = TcpStream::connect(gateway).expect("a connection");
    connection.set_nodelay(true).expect("a socket");
    for _ in 0..REQUESTS {
        connection.write_all(request).expect("sent");
        let answer = read_until(&mut connection, b"\r\n\r\nx");
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }
}

/// Answers every request on every connection with one byte.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || answer(connection));
        }
    });
    address
}

fn answer(mut connection: TcpStream) {
    connection.set_nodelay(true).expect("a socket");
    while !read_until(&mut connection, b"\r\n\r\n").is_empty() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\nx";
        connection.write_all(answer).expect("sent");
    }
}

/// Nothing, where the connection ends before.
fn read_until(connection: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let (mut read, mut piece) = (Vec::new(), [0; 4096]);
    while !read.ends_with(end) {
        let size = connection.read(&mut piece).unwrap_or_default();
        match piece.get(..size) {
            Some(more) if !more.is_empty() => read.extend_from_slice(more),
            _ => return Vec::new(),
        }
    }
    read
}

/// Pingora, told where to go.
struct Alone(SocketAddr);

#[async_trait]
impl ProxyHttp for Alone {
    type CTX = ();

    fn new_ctx(&self) {}

    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.0, false, String::new())))
    }
}
