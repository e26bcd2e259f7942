//! Request bodies on the admin listener: small, and soon.

use super::refusal::Refusal;
use http::StatusCode;
use pingora::protocols::http::ServerSession;
use std::time::Duration;
use tokio::time::timeout;

/// Reads the whole body.
///
/// # Errors
/// When it is too large, takes too long, or breaks off. The connection is of no further use then.
pub(super) async fn read(session: &mut ServerSession) -> Result<Vec<u8>, Refusal> {
    match timeout(PATIENCE, collect(session)).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body takes more than 10 s",
        )),
    }
}

async fn collect(session: &mut ServerSession) -> Result<Vec<u8>, Refusal> {
    let (mut body, mut size) = (Vec::new(), 0);
    // A little more than fits is read and thrown away, so that the client reads why it is refused.
    while size <= MOST_BYTES * 4 {
        let piece = session.read_request_body().await;
        let piece = piece.map_err(|_| Refusal::bad("the body breaks off"))?;
        let Some(piece) = piece else { break };
        size += piece.len();
        if size <= MOST_BYTES {
            body.extend_from_slice(&piece);
        }
    }
    if size > MOST_BYTES {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "a body has at most 64 KiB here",
        ));
    }
    Ok(body)
}

const MOST_BYTES: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
