//! `Connection`: a client that sends exactly the bytes it is given.

use super::reply::Reply;
use super::wire::{Reader, Stream};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// No answer within this is a failure, never a wait.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to the gateway or its admin listener.
pub(crate) struct Connection {
    reader: Reader,
}

impl Connection {
    /// Over a unix socket.
    pub(crate) fn unix(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        Ok(Self::over(Box::new(stream)))
    }

    /// Over TCP, on loopback.
    pub(crate) fn tcp(port: u16) -> io::Result<Self> {
        Self::tcp_to((Ipv4Addr::LOCALHOST, port).into())
    }

    /// Over TCP, to an address of loopback.
    pub(crate) fn tcp_to(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self::over(Box::new(stream)))
    }

    fn over(stream: Box<dyn Stream>) -> Self {
        Self {
            reader: Reader::new(stream),
        }
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.reader
            .write(bytes.as_ref())
            .expect("the gateway takes the bytes");
        self
    }

    /// Sends bytes that the gateway may refuse to read to the end.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.reader.write(bytes.as_ref())
    }

    /// Reads one whole response.
    #[track_caller]
    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().expect("a response")
    }

    /// Reads one whole response to a HEAD request.
    #[track_caller]
    pub(crate) fn reply_to_head(&mut self) -> Reply {
        Reply::read_head(&mut self.reader).expect("a response")
    }

    /// Reads one whole response, or says why there is none.
    pub(crate) fn try_reply(&mut self) -> io::Result<Reply> {
        let mut reply = Reply::read_head(&mut self.reader)?;
        reply.read_body(&mut self.reader, false)?;
        Ok(reply)
    }

    /// The head of a response whose body is read piece by piece.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Reply {
        Reply::read_head(&mut self.reader).expect("a response head")
    }

    /// Reads until so many bytes have come, whatever they are.
    #[track_caller]
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let some = self.reader.some(count - taken.len()).expect("more bytes");
            assert!(
                !some.is_empty(),
                "closed after {} of {count} bytes",
                taken.len()
            );
            taken.extend_from_slice(&some);
        }
        taken
    }

    /// Whether the gateway closes the connection, and has read all that was sent: else the kernel resets it.
    pub(crate) fn ends(&mut self) -> bool {
        self.reader.some(1).is_ok_and(|some| some.is_empty())
    }

    /// Whether the gateway closes the connection, rather than answering or keeping silent.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.reader.some(1) {
            Ok(some) => some.is_empty(),
            Err(fault) => fault.kind() != io::ErrorKind::WouldBlock,
        }
    }
}
