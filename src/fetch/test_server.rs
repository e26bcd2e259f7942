//! A server that does what its script says, byte for byte.

use super::target::FetchTarget;
use std::io::Result;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What is done with a request that has been read.
#[derive(Clone)]
pub(super) enum Step {
    /// These bytes are written.
    Answer(Vec<u8>),
    /// These bytes are written, and the connection is closed.
    Last(Vec<u8>),
    /// The connection is closed.
    Close,
    /// These bytes are written, and nothing more for ever.
    Hang(Vec<u8>),
}

/// One script for each connection, in turn.
pub(super) type Script = Vec<Vec<Step>>;

/// Runs until it is dropped.
pub(super) struct TestServer {
    address: SocketAddr,
    seen: Seen,
    task: JoinHandle<()>,
}

/// The requests with the number of their connection.
type Seen = Arc<Mutex<Vec<(usize, String)>>>;

impl TestServer {
    pub(super) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self::run(address, async move |seen| {
            for (number, steps) in script.into_iter().enumerate() {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(play(stream, number, steps, Arc::clone(&seen)));
            }
        })
    }

    #[cfg(feature = "rustls")]
    pub(super) async fn start_tls(script: Script, acceptor: tokio_rustls::TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self::run(address, async move |seen| {
            for (number, steps) in script.into_iter().enumerate() {
                let (stream, _) = listener.accept().await.expect("a connection");
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    // The client hangs up where it does not trust the certificate.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        play(stream, number, steps, seen).await;
                    }
                });
            }
        })
    }

    pub(super) async fn start_unix(path: &std::path::Path, script: Script) -> Self {
        let listener = tokio::net::UnixListener::bind(path).expect("a socket");
        Self::run(SocketAddr::from(([0; 4], 0)), async move |seen| {
            for (number, steps) in script.into_iter().enumerate() {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(play(stream, number, steps, Arc::clone(&seen)));
            }
        })
    }

    fn run<F: Future<Output = ()> + Send + 'static>(
        address: SocketAddr,
        listening: impl FnOnce(Seen) -> F,
    ) -> Self {
        let seen = Seen::default();
        let task = tokio::spawn(listening(Arc::clone(&seen)));
        Self {
            address,
            seen,
            task,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(super) fn target(&self, path: &str) -> FetchTarget {
        let url = format!("http://{}{path}", self.address);
        FetchTarget::parse(&url, None).expect("a URL")
    }

    /// The requests, each with the number of the connection that it came over.
    pub(super) fn seen(&self) -> Vec<(usize, String)> {
        self.seen.lock().expect("not poisoned").clone()
    }

    /// For each request, the number of its connection.
    pub(super) fn connections(&self) -> Vec<usize> {
        let seen = self.seen();
        seen.iter().map(|(connection, _)| *connection).collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play<S>(mut stream: S, number: usize, steps: Vec<Step>, seen: Seen)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for step in steps {
        let Ok(request) = request(&mut stream).await else {
            return;
        };
        seen.lock().expect("not poisoned").push((number, request));
        let (bytes, goes_on) = match step {
            Step::Answer(bytes) => (bytes, true),
            Step::Last(bytes) => (bytes, false),
            Step::Close => (Vec::new(), false),
            Step::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                std::future::pending().await
            }
        };
        // The client may have had enough before all is written.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.flush().await;
        if !goes_on {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// A whole request: its head, and as much body as it announces.
async fn request<S: AsyncRead + Unpin>(stream: &mut S) -> Result<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&text).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    text.extend(body);
    Ok(String::from_utf8_lossy(&text).into_owned())
}
