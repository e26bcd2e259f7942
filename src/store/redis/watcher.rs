//! `Watcher`: follows the Redis of another service, to learn which of its sessions are gone (features.md F.6).
//!
//! Nothing is written there. Such services rewrite a record whenever it is used, which a question of our own makes them do:
//! a change alone says nothing, so each key that changes is asked for. What is still there is left alone.

use super::doubts::{DoubtSink, Doubts, gone};
use super::fault::refusal;
use super::servers::Servers;
use crate::store::contract::{ServerState, StoreError, StoreOpenError};
use crate::store::feed::{ChangeSink, Feed};
use crate::store::owned_task::OwnedTask;
use crate::store::session::SessionKey;
use crate::store::settings::RedisSettings;
use redis::{Value, pipe};
use std::sync::{Arc, OnceLock};
use tracing::{info, warn};

/// Tells its sink of names, each as [`Change::Shared`](crate::store::Change::Shared).
pub(in crate::store) struct Watcher {
    name: Arc<str>,
    servers: Arc<Servers>,
    doubts: Arc<Doubts>,
    sink: OnceLock<Arc<dyn ChangeSink>>,
    task: OnceLock<OwnedTask>,
}

impl Watcher {
    /// Connects nothing; the settings follow foreign keys.
    ///
    /// # Errors
    /// When the CA of `rediss://` cannot be used.
    pub(in crate::store) fn open(
        source: &str,
        settings: &RedisSettings,
    ) -> Result<Self, StoreOpenError> {
        // In the log, another Redis of the same source may stand beside it.
        let name = format!("{source} (invalidated_by)");
        Ok(Self {
            servers: Arc::new(Servers::open(&name, settings)?),
            name: name.into(),
            doubts: Arc::default(),
            sink: OnceLock::new(),
            task: OnceLock::new(),
        })
    }

    /// Tells this sink of every session that is gone; the first one is kept.
    pub(in crate::store) fn watch(&self, sink: Arc<dyn ChangeSink>) {
        let sink = self.sink.get_or_init(|| sink);
        self.servers.watch(Arc::new(DoubtSink {
            doubts: Arc::clone(&self.doubts),
            sink: Arc::clone(sink),
        }));
    }

    /// Begins to connect; returns when the first attempt is over.
    pub(in crate::store) async fn start(&self) {
        if let Some(sink) = self.sink.get() {
            self.task.get_or_init(|| {
                OwnedTask::spawn(settle(
                    Arc::clone(&self.name),
                    Arc::clone(&self.servers),
                    Arc::clone(&self.doubts),
                    Arc::clone(sink),
                ))
            });
        }
        self.servers.start().await;
    }

    /// Whether every session that ends is told just now.
    pub(in crate::store) fn feed(&self) -> Feed {
        self.servers.feed()
    }

    /// For status.
    pub(in crate::store) fn states(&self) -> Vec<ServerState> {
        self.servers.states()
    }
}

/// Asks for what is in doubt, for as long as the watcher lives. A key of which the server cannot say counts as gone.
async fn settle(
    name: Arc<str>,
    servers: Arc<Servers>,
    doubts: Arc<Doubts>,
    sink: Arc<dyn ChangeSink>,
) {
    let mut is_refused = false;
    loop {
        let keys = doubts.take().await;
        let are_there = ask(&servers, &keys).await;
        let refused = are_there.iter().find_map(|answer| answer.as_ref().err());
        note(&name, refused, &mut is_refused);
        for (key, is_there) in keys.iter().zip(&are_there) {
            if !matches!(is_there, Ok(true)) {
                gone(&*sink, key);
            }
        }
    }
}

async fn ask(servers: &Servers, keys: &[SessionKey]) -> Vec<Result<bool, StoreError>> {
    let mut question = pipe();
    for key in keys {
        question.cmd("EXISTS").arg(&*key.key);
    }
    let replies = match servers.ask(&question).await {
        Ok(replies) => replies,
        Err(error) => return vec![Err(error); keys.len()],
    };
    let mut replies = replies.into_iter();
    let answers = keys.iter().map(|_| match replies.next() {
        Some(Value::ServerError(error)) => Err(refusal(error.code())),
        reply => Ok(reply == Some(Value::Int(1))),
    });
    answers.collect()
}

fn note(name: &str, refused: Option<&StoreError>, is_refused: &mut bool) {
    match refused {
        Some(error) if !*is_refused => warn!(
            store = name,
            "whether a session is still there cannot be asked: {}; each that is used is asked of its service again; the \
             ACL user needs +exists and its keys",
            error.detail
        ),
        None if *is_refused => info!(store = name, "sessions can be asked for again"),
        _ => {}
    }
    *is_refused = refused.is_some();
}
