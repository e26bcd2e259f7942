//! `Shelf`: connections that wait for the next request.
//!
//! Pingora's own pool lets go of a connection in a task beside, and takes a new one where that task is not done yet
//! (0.9.1, `TransportConnector::reused_stream`).

use crate::clock::Now;
use pingora::protocols::Stream;
use pingora::upstreams::peer::HttpPeer;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::unconstrained;

/// Holds no more than its bound, each for no longer than its time; the one that was used last goes first.
pub(super) struct Shelf {
    lines: Mutex<Vec<Kept>>,
    most: usize,
    idle: Duration,
}

/// A connection and where it leads.
struct Kept {
    stream: Stream,
    peer: HttpPeer,
    until: Instant,
}

impl Shelf {
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        Self {
            lines: Mutex::new(Vec::new()),
            most,
            idle,
        }
    }

    /// Puts a connection down whose answer has been read to its end.
    pub(super) fn keep(&self, stream: Stream, peer: HttpPeer) {
        let now = Now::read().mono;
        let mut lines = self.lines(now);
        if lines.len() < self.most {
            let until = now + self.idle;
            lines.push(Kept {
                stream,
                peer,
                until,
            });
        }
    }

    /// Takes one that leads to one of these and that its server has not ended.
    pub(super) async fn take(&self, peers: &[HttpPeer]) -> Option<(Stream, HttpPeer)> {
        while let Some(mut kept) = self.last(peers) {
            if is_silent(&mut kept.stream).await {
                return Some((kept.stream, kept.peer));
            }
        }
        None
    }

    fn last(&self, peers: &[HttpPeer]) -> Option<Kept> {
        let mut lines = self.lines(Now::read().mono);
        let leads = |kept: &Kept| peers.iter().any(|peer| peer._address == kept.peer._address);
        let at = lines.iter().rposition(leads)?;
        Some(lines.remove(at))
    }

    /// Those whose time is not over.
    fn lines(&self, now: Instant) -> MutexGuard<'_, Vec<Kept>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|kept| now < kept.until);
        lines
    }
}

/// A server has nothing to say before it is asked: a byte, an end or an error makes a connection useless.
async fn is_silent(stream: &mut Stream) -> bool {
    // Unconstrained, because a task that has used up its share would find every connection silent.
    unconstrained(poll_fn(|context| {
        let mut byte = [0; 1];
        let read = Pin::new(&mut *stream).poll_read(context, &mut ReadBuf::new(&mut byte));
        Poll::Ready(read.is_pending())
    }))
    .await
}
