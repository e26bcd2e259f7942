//! `Guarded`: closes a connection whose request head does not come in time.
//!
//! Pingora restarts its 60 s timer at every byte, and has none between requests (0.9.1). This wraps an application and
//! races each request against one deadline, until the application says that the head is there.

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

/// Requests on one connection; after that the client opens another.
const REQUESTS_PER_CONNECTION: u32 = 10_000;

tokio::task_local! {
    static HEAD_COMPLETE: Cell<bool>;
}

/// To be called by the application in the first of its phases that runs once a head is complete.
pub fn head_is_complete() {
    // Without a guard around it (HTTP/2) there is nobody to tell.
    let _ = HEAD_COMPLETE.try_with(|complete| complete.set(true));
}

/// An application with a deadline for request heads.
pub struct Guarded<A> {
    app: Arc<A>,
    options: HttpServerOptions,
    first: Duration,
    later: Duration,
}

impl<A> Guarded<A> {
    /// `header` bounds the first head of a connection, `idle` and `header` together every later one.
    #[must_use]
    pub fn new(app: A, header: Duration, idle: Duration) -> Self {
        let mut options = HttpServerOptions::default();
        options.keepalive_request_limit = Some(REQUESTS_PER_CONNECTION);
        Self {
            app: Arc::new(app),
            options,
            first: header,
            later: header + idle,
        }
    }
}

#[async_trait]
impl<A> HttpServerApp for Guarded<A>
where
    A: HttpServerApp + Send + Sync + 'static,
{
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if session.is_http2() {
            return self.app.process_new_http(session, shutdown).await;
        }
        let is_first = session.get_keepalive_reuses_remaining() == Some(REQUESTS_PER_CONNECTION);
        let patience = if is_first { self.first } else { self.later };
        let served = self.app.process_new_http(session, shutdown);
        let guarded = async {
            tokio::pin!(served);
            tokio::select! {
                biased;
                reused = &mut served => reused,
                () = pingora_timeout::sleep(patience) => {
                    if HEAD_COMPLETE.with(Cell::get) { served.await } else { None }
                }
            }
        };
        HEAD_COMPLETE.scope(Cell::new(false), guarded).await
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.app.h2_options()
    }

    async fn http_cleanup(&self) {
        self.app.http_cleanup().await;
    }
}
