//! `Gateway`: an opened configuration with one host for each profile and one session in its store, and the steps that the
//! proxy takes with a request. No socket.

use bytes::Bytes;
use pingora::http::RequestHeader;
use sessiongate::clock::Now;
use sessiongate::config::{ProcessEnvironment, compile_text};
use sessiongate::observe::Metrics;
use sessiongate::proxy::{Context, Decision, Incoming, consider, prepare};
use sessiongate::runtime::{Live, Runtime};
use std::fs;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// The session's token: as long as 32 random bytes in base64.
pub(crate) const TOKEN: &str = "Qm9zc2EgTm92YSBpcyBub3QgYSBzZXNzaW9uIHRva2Vu";
/// Where a request would go.
pub(crate) const UPSTREAM: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9000);

const CONFIGURATION: &str = r#"
listen: 127.0.0.1:8080
sessions:
  token: [bearer, {cookie: session}]
  memory: {seed: sessions.yaml}
assertion: {issuer: gateway, keys: [{file: assertion.pem}]}
routes:
  - {host: none, upstream: app, identity: none}
  - {host: skygear, upstream: app, identity: skygear}
  - {host: authgear, upstream: app, identity: authgear}
  - {host: hasura, upstream: app, identity: hasura}
  - {host: custom, upstream: app, identity: {headers: {X-User: "{user.id}", X-Roles: "{roles}", X-Email: "{attrs.email}"}}}
  - {host: assertion, upstream: app, identity: assertion}
"#;

const PEER: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));

/// An opened gateway.
pub(crate) struct Gateway {
    pub(crate) live: Arc<Live>,
    executor: tokio::runtime::Runtime,
}

impl Gateway {
    pub(crate) fn open(upstream: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let seed = format!(
            "- token: {TOKEN}\n  record: {{v: 1, user_id: 87dfaacf-a872-444a-948a-1497c6bb2a03, \
             roles: [user, admin], default_role: user, verified: true, \
             identity: {{id: 3f2b6c1e-5d0a-4b7e, type: password, updated_at: '2026-01-05T08:30:00.000Z'}}, \
             attrs: {{email: ada@example.com}}}}\n"
        );
        fs::write(folder.path().join("sessions.yaml"), seed).expect("writable");
        let key = rcgen::KeyPair::generate().expect("randomness");
        fs::write(folder.path().join("assertion.pem"), key.serialize_pem()).expect("writable");
        let text = format!("upstreams: {{app: [\"{upstream}\"]}}{CONFIGURATION}");
        let loaded = compile_text("stage", &text, folder.path(), &ProcessEnvironment);
        let loaded = loaded.unwrap_or_else(|issues| panic!("{issues}"));
        let metrics = Metrics::new().expect("families that can stand together");
        let runtime = Runtime::open(&loaded.blueprint, &metrics, Now::read());
        Self {
            live: Arc::new(Live::new(runtime.expect("a memory store opens"))),
            executor: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
        }
    }

    /// Sends the request once, so that the cache knows whatever it shows.
    pub(crate) fn warm(&self, head: &RequestHeader) {
        let mut context = self.begin();
        let mut request = Received(head.clone());
        let decision = self
            .executor
            .block_on(consider(&mut context, &mut request, PEER));
        decision.expect("a head alone cannot break off");
    }

    /// What the proxy makes when a head is complete.
    pub(crate) fn begin(&self) -> Context {
        Context::new(self.live.pin(), Now::read())
    }
}

/// From hygiene to verdict. What is asked for must be in the cache.
pub(crate) fn decide(context: &mut Context, request: &mut Received) {
    let decision = ready(consider(context, request, PEER));
    context.decide(decision.expect("a head alone cannot break off"));
}

/// Makes the upstream's head of the client's.
pub(crate) fn forward(context: &Context, head: &mut RequestHeader) -> u64 {
    let parts = context.decision().zip(context.route());
    let (decision, route) = parts.expect("it is decided");
    passes(decision);
    prepare(head, context, decision, route, PEER).expect("every header can be written")
}

fn passes(decision: &Decision) {
    assert!(decision.verdict.is_ok(), "refused: {:?}", decision.reason());
}

/// What waits for nothing.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("not in the cache"),
    }
}

/// A request without body, as it came.
pub(crate) struct Received(pub(crate) RequestHeader);

impl Incoming for Received {
    fn head(&self) -> &RequestHeader {
        &self.0
    }

    async fn body(&mut self, _: usize, _: Duration) -> pingora::Result<Option<Bytes>> {
        Ok(None)
    }
}
