//! `Connection`: one keep-alive connection with one request in flight at most.

use crate::response::{self, Answer, Unreadable};
use std::io;
use std::net::SocketAddr;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection, and the next one when its server closes it.
pub(crate) struct Connection {
    target: SocketAddr,
    /// `None` when the next request needs a new one.
    stream: Option<TcpStream>,
    /// Bytes of the answer that is being read.
    buffer: Vec<u8>,
}

/// No answer.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    #[error("cannot send: {0}")]
    Send(#[source] io::Error),
    #[error("cannot receive: {0}")]
    Receive(#[source] io::Error),
    #[error("closed before the answer was complete")]
    Closed,
    #[error("unreadable: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("more bytes than the answer has")]
    Surplus,
    #[error("longer than {MAX_ANSWER} bytes")]
    TooLong,
}

/// What an exchange came to.
pub(crate) struct Exchange<V> {
    /// What `judge` made of the answer.
    pub(crate) verdict: V,
    /// Of the answer.
    pub(crate) bytes: usize,
}

const MAX_ANSWER: usize = 1 << 20;
/// Most answers fit into one read.
const FIRST_READ: usize = 8 << 10;

impl Connection {
    /// Takes over a connection that is open already.
    pub(crate) fn new(stream: std::net::TcpStream, target: SocketAddr) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            target,
            stream: Some(TcpStream::from_std(stream)?),
            buffer: Vec::with_capacity(FIRST_READ),
        })
    }

    /// Connects anew if the last answer announced the end of the connection, or never came. Whether it did.
    pub(crate) async fn make_ready(&mut self) -> Result<bool, Fault> {
        if self.stream.is_some() {
            return Ok(false);
        }
        let stream = TcpStream::connect(self.target)
            .await
            .map_err(Fault::Connect)?;
        stream.set_nodelay(true).map_err(Fault::Connect)?;
        self.stream = Some(stream);
        Ok(true)
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn exchange<V>(
        &mut self,
        request: &[u8],
        echo_header: Option<&str>,
        judge: impl FnOnce(&Answer<'_>) -> V,
    ) -> Result<Exchange<V>, Fault> {
        // Kept only when the exchange ends well.
        let mut stream = self.stream.take().ok_or(Fault::Closed)?;
        stream.write_all(request).await.map_err(Fault::Send)?;
        self.buffer.clear();
        loop {
            self.buffer.reserve(FIRST_READ);
            let read = stream.read_buf(&mut self.buffer).await;
            if read.map_err(Fault::Receive)? == 0 {
                return Err(Fault::Closed);
            }
            if let Some(answer) = response::parse(&self.buffer, echo_header)? {
                if self.buffer.len() > answer.len {
                    return Err(Fault::Surplus);
                }
                if !answer.closes {
                    self.stream = Some(stream);
                }
                let verdict = judge(&answer);
                return Ok(Exchange {
                    verdict,
                    bytes: answer.len,
                });
            }
            if self.buffer.len() > MAX_ANSWER {
                return Err(Fault::TooLong);
            }
        }
    }
}
