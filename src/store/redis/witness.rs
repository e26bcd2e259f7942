//! `Witness`: a server that is asked which server holds the data, such as a sentinel.

use super::dialer::Dialer;
use super::fault::store_error;
use crate::store::contract::{StoreError, StoreFault};
use crate::store::settings::RedisNode;
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// Keeps its connection while it answers.
pub(super) struct Witness {
    pub(super) node: RedisNode,
    dialer: Dialer,
    held: Mutex<Option<MultiplexedConnection>>,
}

impl Witness {
    /// Connects nothing.
    pub(super) fn new(node: RedisNode, dialer: Dialer) -> Self {
        Self {
            node,
            dialer,
            held: Mutex::default(),
        }
    }

    async fn ask(&self, question: &Pipeline) -> Result<Vec<Value>, StoreError> {
        if let Some(connection) = self.held() {
            match send(connection, question).await {
                Err(error) if error.is_connection_dropped() => {}
                replies => {
                    if replies.is_err() {
                        self.hold(None);
                    }
                    return replies.map_err(|error| store_error(&error));
                }
            }
        }
        self.hold(None);
        let connection = self.dialer.connect(|_| ()).await?.connection;
        let replies = send(connection.clone(), question).await;
        let replies = replies.map_err(|error| store_error(&error))?;
        self.hold(Some(connection));
        Ok(replies)
    }

    fn held(&self) -> Option<MultiplexedConnection> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    fn hold(&self, connection: Option<MultiplexedConnection>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = connection;
    }
}

async fn send(
    mut connection: MultiplexedConnection,
    question: &Pipeline,
) -> redis::RedisResult<Vec<Value>> {
    connection
        .send_packed_commands(question, 0, question.len())
        .await
}

/// What several witnesses said.
pub(super) struct Hearing<T> {
    /// In the order in which they came.
    pub(super) answers: Vec<T>,
    failures: Vec<StoreError>,
}

impl<T> Hearing<T> {
    /// Why there is no answer: a refusal says more than a connection that could not be made.
    pub(super) fn failure(mut self) -> Option<StoreError> {
        self.failures
            .sort_by_key(|failure| matches!(failure.kind, StoreFault::Io | StoreFault::Timeout));
        self.failures.into_iter().next()
    }
}

/// Asks all of them at once and waits for the first `enough` answers.
pub(super) async fn hear<T: Send + 'static>(
    witnesses: &[Arc<Witness>],
    question: &Arc<Pipeline>,
    enough: usize,
    understand: fn(&RedisNode, Vec<Value>) -> Result<T, StoreError>,
) -> Hearing<T> {
    let mut asked = JoinSet::new();
    for witness in witnesses {
        let (witness, question) = (Arc::clone(witness), Arc::clone(question));
        asked.spawn(async move { understand(&witness.node, witness.ask(&question).await?) });
    }
    let mut hearing = Hearing {
        answers: Vec::new(),
        failures: Vec::new(),
    };
    while hearing.answers.len() < enough {
        match asked.join_next().await {
            Some(Ok(Ok(answer))) => hearing.answers.push(answer),
            Some(Ok(Err(failure))) => hearing.failures.push(failure),
            Some(Err(_)) => {}
            None => break,
        }
    }
    hearing
}
