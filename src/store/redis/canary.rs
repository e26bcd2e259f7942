//! The canary: a key of this node's own, written and deleted, whose push shows that changes are told and how fast; or a
//! message to itself, where messages are all that is told.

use super::fault::{refusal, store_error};
use crate::store::contract::StoreError;
use crate::store::settings::Invalidation;
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value, pipe};
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

/// What it takes to hear of oneself.
pub(super) fn song(by: Invalidation, name: &str) -> Pipeline {
    let mut song = pipe();
    if by == Invalidation::PubSub {
        song.cmd("PUBLISH").arg(name).arg(1);
    } else {
        // In one go, which Redis announces with one push. It ends by itself where its node does between the two.
        song.cmd("SET").arg(name).arg(1).arg("PX").arg(LEFTOVER_MS);
        song.cmd("DEL").arg(name);
    }
    song
}

/// Sings once and waits to hear it.
///
/// # Errors
/// When the connection gives no replies within [`SILENCE`].
pub(super) async fn round(
    connection: &mut MultiplexedConnection,
    song: &Pipeline,
    heard: &mut watch::Receiver<Instant>,
) -> Result<Round, StoreError> {
    heard.mark_unchanged();
    let sent = Instant::now();
    let replies = connection
        .send_packed_commands(song, 0, song.len())
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
