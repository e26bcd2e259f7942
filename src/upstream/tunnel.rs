//! Connections for WebSocket handshakes, on which Pingora finds no answer before it has taken the request to its end.
//!
//! Pingora 0.9.1 (`proxy_h1.rs`, `proxy_handle_upstream`) waits for two things in random order: the answer, and the end
//! of the request's body, which lies there from the start because a handshake has no body. If it reads the 101 first,
//! it takes that end for the end of the tunnel, and the client's connection closes right after the 101
//! (cloudflare/pingora#946). No hook runs in between, so the first read of such a connection finds nothing yet, and
//! the end of the body is all there is to take. This file can go once Pingora tells the two ends apart.

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::ext;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType};
use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Makes a peer fit for a WebSocket handshake: the connection is a new one, and nobody else's afterwards.
pub fn prepare_tunnel(peer: &mut HttpPeer) {
    peer.options.custom_l4 = Some(Arc::new(Connector));
    // Pingora knows pooled connections by their descriptor, and this one shows none. So it is the only one of its
    // group, which also keeps pooled ones away from it, and goes at once if the server refuses the upgrade.
    peer.group_key = fastrand::u64(1..);
    peer.options.idle_timeout = Some(Duration::ZERO);
}

#[derive(Debug)]
struct Connector;

#[async_trait]
impl L4Connect for Connector {
    async fn connect(&self, address: &SocketAddr) -> pingora::Result<Stream> {
        let socket: Box<dyn VirtualSocket> = match address {
            SocketAddr::Inet(address) => {
                let stream = ext::connect(address, None).await?;
                stream.set_nodelay(true).map_err(refused)?;
                Box::new(Deferred::new(stream))
            }
            SocketAddr::Unix(address) => {
                let path = address.as_pathname();
                let path =
                    path.ok_or_else(|| refused(io::Error::from(io::ErrorKind::InvalidInput)))?;
                Box::new(Deferred::new(ext::connect_uds(path).await?))
            }
        };
        Ok(VirtualSocketStream::new(socket).into())
    }
}

fn refused(fault: io::Error) -> Box<Error> {
    Error::because(ErrorType::ConnectError, "preparing a connection", fault)
}

/// A socket whose first read is put off by one turn of the task.
#[derive(Debug)]
struct Deferred<S> {
    socket: S,
    was_put_off: bool,
}

impl<S> Deferred<S> {
    fn new(socket: S) -> Self {
        Self {
            socket,
            was_put_off: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deferred<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.was_put_off {
            self.was_put_off = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deferred<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl<S> VirtualSocket for Deferred<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug,
{
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            // Set when it was connected.
            VirtualSockOpt::NoDelay => Ok(()),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Deferred;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};
    use tokio::io::{AsyncRead, ReadBuf};

    #[test]
    fn the_first_look_finds_nothing_although_it_is_there() {
        let mut socket = Deferred::new(&b"HTTP/1.1 101"[..]);
        let mut cx = Context::from_waker(Waker::noop());
        let mut room = [0; 32];
        let mut buffer = ReadBuf::new(&mut room);
        let mut look = |buffer: &mut ReadBuf<'_>| Pin::new(&mut socket).poll_read(&mut cx, buffer);
        assert!(look(&mut buffer).is_pending());
        assert!(matches!(look(&mut buffer), Poll::Ready(Ok(()))));
        assert_eq!(buffer.filled(), b"HTTP/1.1 101");
    }
}
