//! The echo server: accepts, reads, answers, keeps connections alive.
#![expect(clippy::print_stderr, reason = "talk goes to stderr")]

use super::answer::Answer;
use super::request::{Refusal, Request};
use super::websocket;
use http::StatusCode;
use std::io;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Why `sessiongate echo` ends with exit code 1.
#[derive(Debug, Error)]
pub(crate) enum EchoError {
    /// The address is taken, not ours, or not an address.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// As given.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The runtime did not start or the listener broke.
    #[error("the echo upstream stopped: {0}")]
    Stopped(#[from] io::Error),
}

/// Serves on `listen` (`127.0.0.1:9000`) until Ctrl-C.
///
/// # Errors
/// [`EchoError::Listen`] when the address cannot be had, [`EchoError::Stopped`] when the listener breaks later.
pub(crate) fn run(listen: &str) -> Result<(), EchoError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|source| EchoError::Listen {
                address: listen.to_owned(),
                source,
            })?;
        eprintln!("echo upstream on http://{}", listener.local_addr()?);
        tokio::select! {
            ended = serve(listener) => Ok(ended?),
            interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        }
    })
}

/// Serves until the listener breaks; dropping the future closes every connection.
///
/// # Errors
/// When accepting fails.
pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                let (stream, _) = accepted?;
                connections.spawn(converse(stream));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection. Its failure is the client's affair and ends with it.
async fn converse(stream: TcpStream) -> Result<(), Refusal> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Ok(read) = timeout(PATIENCE, Request::read(&mut stream)).await {
        let Some(request) = refuse_or(&mut stream, read).await? else {
            break;
        };
        if request.target.split('?').next() == Some("/ws") {
            return Ok(open_websocket(&mut stream, &request).await?);
        }
        let answer = Answer::to(&request);
        // A sleep of nothing still waits for the timer's next millisecond.
        if !answer.delay.is_zero() {
            tokio::time::sleep(answer.delay).await;
        }
        let close = !request.keeps_alive();
        answer.write(&mut stream, &request.method, close).await?;
        if close {
            break;
        }
    }
    Ok(())
}

/// Tells the client what was wrong with its request before the connection ends.
async fn refuse_or(
    stream: &mut BufReader<TcpStream>,
    read: Result<Option<Request>, Refusal>,
) -> Result<Option<Request>, Refusal> {
    let refusal = match read {
        Ok(request) => return Ok(request),
        Err(refusal) => refusal,
    };
    let status = match refusal {
        Refusal::Malformed(_) => StatusCode::BAD_REQUEST,
        Refusal::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Io(_) => return Err(refusal),
    };
    let answer = Answer::text(status, format!("{refusal}\n"));
    answer.write(stream, "GET", true).await?;
    Err(refusal)
}

async fn open_websocket(stream: &mut BufReader<TcpStream>, request: &Request) -> io::Result<()> {
    let Some(head) = websocket::accept(request) else {
        let hint = "a WebSocket lives here: ask with Upgrade: websocket\n".to_owned();
        let answer = Answer::text(StatusCode::UPGRADE_REQUIRED, hint);
        return answer.write(stream, &request.method, true).await;
    };
    stream.write_all(head.as_bytes()).await?;
    websocket::echo(stream).await
}

/// From one answer to the next request, its body included.
const PATIENCE: Duration = Duration::from_secs(60);
/// Further clients wait in the backlog; well below the usual limit of 1024 open files.
const MAX_CONNECTIONS: usize = 512;

#[cfg(test)]
mod tests {
    use super::serve;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// What the server says to these bytes until it closes the connection.
    async fn exchange(sent: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let server = tokio::spawn(serve(listener));
        let mut client = TcpStream::connect(address).await.expect("listening");
        client.write_all(sent.as_bytes()).await.expect("open");
        let mut seen = String::new();
        client.read_to_string(&mut seen).await.expect("text");
        server.abort();
        seen
    }

    #[tokio::test]
    async fn a_connection_is_kept_for_the_next_request() {
        let seen = exchange(
            "POST /bench HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab\
             GET /bench HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )
        .await;
        assert_eq!(seen.matches("HTTP/1.1 200 OK").count(), 2, "{seen}");
        assert!(seen.ends_with("Connection: close\r\n\r\n1"), "{seen}");
    }

    #[tokio::test]
    async fn answers_without_a_body_have_none() {
        let cases = [
            (
                "HEAD /?size=9",
                "Content-Length: 9\r\nConnection: close\r\n\r\n",
            ),
            (
                "GET /?status=204",
                "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
            ),
        ];
        for (line, end) in cases {
            let seen = exchange(&format!("{line} HTTP/1.1\r\nConnection: close\r\n\r\n")).await;
            assert!(seen.ends_with(end), "{line}: {seen}");
        }
    }

    #[tokio::test]
    async fn a_faulty_request_is_answered_and_ends_the_connection() {
        let seen = exchange("GET / HTTP/1.1\r\nno colon\r\n\r\n").await;
        assert!(seen.starts_with("HTTP/1.1 400"), "{seen}");
    }

    #[tokio::test]
    async fn ws_without_an_upgrade_is_426() {
        let seen = exchange("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(seen.starts_with("HTTP/1.1 426"), "{seen}");
        assert!(seen.contains("\r\nUpgrade: websocket\r\n"), "{seen}");
    }
}
