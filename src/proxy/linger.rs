//! `linger`: a connection is not closed over what its client has just sent. Closing over unread bytes resets it, and the
//! client may lose the answer that it was about to read (RFC 9112 §9.6).

use pingora::proxy::Session;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a body that are read and thrown away, so that a refused form or JSON ends as it should.
const MOST: usize = 64 * 1024;

/// For all of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads what is left of the request's body, within bounds, if the connection is to be closed. Whoever waits for leave to send
/// it (`Expect`) has not been given it, and is not waited for.
pub(super) async fn linger(session: &mut Session) {
    let client = session.as_downstream_mut();
    let waits = client
        .req_header()
        .headers
        .contains_key(http::header::EXPECT);
    if client.get_keepalive().is_some() || client.was_upgraded() || waits || client.is_body_done() {
        return;
    }
    let mut left = MOST;
    let reading = async {
        while let Ok(Some(piece)) = client.read_request_body().await {
            match left.checked_sub(piece.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Whoever takes longer is cut off.
    let _ = timeout(PATIENCE, Box::pin(reading)).await;
}

#[cfg(test)]
mod tests {
    use super::{MOST, linger};
    use pingora::proxy::Session;
    use std::time::Duration;
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::time::timeout;

    /// Whether a client gets rid of all that it sends.
    async fn takes(lines: &str, announced: usize, sent: usize, is_kept: bool) -> bool {
        let (mut client, gateway) = duplex(1024);
        let head = format!("POST / HTTP/1.1\r\n{lines}Content-Length: {announced}\r\n\r\n");
        let sending = tokio::spawn(async move {
            client.write_all(head.as_bytes()).await.expect("open");
            client.write_all(&vec![b'x'; sent]).await.is_ok()
        });
        let mut session = Session::new_h1(Box::new(gateway));
        session.read_request().await.expect("a head");
        session.set_keepalive(is_kept.then_some(60));
        linger(&mut session).await;
        let sent = timeout(Duration::from_secs(60), sending).await;
        sent.is_ok_and(|sent| sent.expect("no panic"))
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_of_a_body_is_read_within_bounds() {
        let large = 4 * MOST;
        let cases = [
            ("a form", "", 50_000, 50_000, false, true),
            ("more than is read", "", large, large, false, false),
            ("the rest never comes", "", 50_000, 40_000, false, true),
            (
                "nobody said go on",
                "Expect: 100-continue\r\n",
                50_000,
                50_000,
                false,
                false,
            ),
            ("the connection stays", "", 50_000, 50_000, true, false),
        ];
        for (name, lines, announced, sent, is_kept, expected) in cases {
            assert_eq!(
                takes(lines, announced, sent, is_kept).await,
                expected,
                "{name}"
            );
        }
    }
}
