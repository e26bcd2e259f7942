//! `LinkState`: where the connection stands. The keeper writes it, the link reads it.

use super::fault::fault;
use crate::store::contract::{StoreError, StoreFault};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisResult, Value};
use std::sync::Arc;

/// Where the connection stands.
pub(super) enum LinkState {
    /// The first attempt is not over, or a connection is about to be used: whoever asks waits.
    Connecting,
    /// Connected, and to which address.
    Up(Live, Arc<str>),
    /// Not connected, and why.
    Down(StoreError),
}

impl LinkState {
    /// The connection, or what to tell who asks.
    pub(super) fn live(&self) -> Result<Live, StoreError> {
        match self {
            Self::Up(live, _) => Ok(live.clone()),
            Self::Down(error) => Err(error.clone()),
            Self::Connecting => Err(fault(StoreFault::Io, "not connected yet")),
        }
    }
}

/// A connection that many share: commands of all go out in the order sent.
#[derive(Clone)]
pub(super) struct Live {
    /// Closed when the last clone is dropped.
    pub(super) connection: MultiplexedConnection,
    /// Counts connections; tells a new one from the one that broke.
    pub(super) generation: u64,
}

impl Live {
    /// One round trip; an error reply stays in its command's place.
    pub(super) async fn send(&mut self, question: &Pipeline) -> RedisResult<Vec<Value>> {
        let replies = question.len();
        self.connection
            .send_packed_commands(question, 0, replies)
            .await
    }
}
