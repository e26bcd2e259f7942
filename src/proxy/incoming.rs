//! `Incoming`: a request as it comes in, the body on demand. The proxy's own, and one that is only described.

use bytes::Bytes;
use http::Version;
use http::header::EXPECT;
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use std::future::Future;
use std::time::Duration;

/// What can be had of a request before it is decided.
pub trait Incoming {
    /// The head as the client sent it.
    fn head(&self) -> &RequestHeader;

    /// The whole body, which still goes to the upstream as it is; `None` if it has more than `most` bytes.
    ///
    /// # Errors
    /// When it does not arrive within `patience`, or breaks off. The connection is of no further use then.
    fn body(
        &mut self,
        most: usize,
        patience: Duration,
    ) -> impl Future<Output = pingora::Result<Option<Bytes>>> + Send;
}

impl Incoming for Session {
    fn head(&self) -> &RequestHeader {
        self.req_header()
    }

    async fn body(&mut self, most: usize, patience: Duration) -> pingora::Result<Option<Bytes>> {
        let read = collect(self.as_downstream_mut(), most);
        let read = match pingora_timeout::timeout(patience, read).await {
            Ok(read) => read.map_err(|fault| fault.into_down()),
            Err(_) => Err(Error::new_down(ErrorType::ReadTimedout)),
        };
        if !matches!(read, Ok(Some(_))) {
            // What is left of it is no request.
            self.set_keepalive(None);
        }
        read
    }
}

/// Reads through Pingora's retry buffer, out of which it sends the body on every attempt, the first one included.
async fn collect(session: &mut ServerSession, most: usize) -> pingora::Result<Option<Bytes>> {
    session.enable_retry_buffering();
    if expects_continue(session.req_header()) {
        // Pingora closes a connection on which it has written, be it 100, before the body was there.
        let keepalive = session.get_keepalive();
        session.write_continue_response().await?;
        session.set_keepalive(keepalive);
    }
    let mut size = 0;
    while let Some(piece) = session.read_request_body().await? {
        size += piece.len();
        if size > most {
            return Ok(None);
        }
    }
    Ok(Some(session.get_retry_buffer().unwrap_or_default()))
}

/// RFC 9110 §10.1.1: an HTTP/1.0 client does not wait. Other expectations have been refused.
fn expects_continue(head: &RequestHeader) -> bool {
    head.version > Version::HTTP_10 && head.headers.contains_key(EXPECT)
}
