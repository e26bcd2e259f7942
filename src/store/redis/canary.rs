//! The canary: a key of this node's own, written and deleted, whose push shows that changes are told and how fast.

use super::fault::{refusal, store_error};
use crate::store::contract::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{Value, pipe};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// What one round has shown.
pub(super) enum Round {
    /// The change came back after so long.
    Echo(Duration),
    /// The write was refused for a reason that leaves reads and pushes as they are: the ACL, memory, the disk.
    Unwritable(StoreError),
    /// The server is not one that changes are written to just now.
    Unsure(StoreError),
    /// The write was done and no push came.
    Silent,
}

/// Writes and deletes the key in one go, which Redis announces with one push.
///
/// # Errors
/// When the connection gives no replies within [`SILENCE`].
pub(super) async fn round(
    connection: &mut MultiplexedConnection,
    key: &str,
    heard: &mut watch::Receiver<Instant>,
) -> Result<Round, StoreError> {
    let mut write = pipe();
    // It ends by itself where its node does between the two.
    write.cmd("SET").arg(key).arg(1).arg("PX").arg(LEFTOVER_MS);
    write.cmd("DEL").arg(key);
    heard.mark_unchanged();
    let sent = Instant::now();
    let replies = connection
        .send_packed_commands(&write, 0, write.len())
        .await
        .map_err(|error| store_error(&error))?;
    if let Some(Value::ServerError(error)) = replies.first() {
        let refused = refusal(error.code());
        return Ok(match error.code() {
            "READONLY" | "MASTERDOWN" | "LOADING" | "MOVED" | "CLUSTERDOWN" => {
                Round::Unsure(refused)
            }
            _ => Round::Unwritable(refused),
        });
    }
    let left = SILENCE.saturating_sub(sent.elapsed());
    Ok(match timeout(left, heard.changed()).await {
        Ok(Ok(())) => Round::Echo(heard.borrow().duration_since(sent)),
        _ => Round::Silent,
    })
}

/// A server that says nothing for so long counts as gone.
pub(super) const SILENCE: Duration = Duration::from_secs(1);

const LEFTOVER_MS: u32 = 10_000;
