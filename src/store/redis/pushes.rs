//! `Ear`: what one connection hears besides replies. Runs inside the connection's driver, before any later reply is
//! delivered, so that pushes keep their place among replies.

use super::announcer::Announcer;
use redis::{PushInfo, PushKind, Value};
use std::sync::Arc;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// One per connection, numbered as the connection is.
pub(super) struct Ear {
    announcer: Arc<Announcer>,
    connection: u64,
    canary_heard: watch::Sender<Instant>,
    cut: Notify,
}

impl Ear {
    /// Has heard nothing yet.
    pub(super) fn new(announcer: Arc<Announcer>, connection: u64) -> Self {
        Self {
            announcer,
            connection,
            canary_heard: watch::Sender::new(Instant::now()),
            cut: Notify::new(),
        }
    }

    /// Takes one push; never blocks.
    pub(super) fn hear(&self, push: PushInfo) {
        match push.kind {
            PushKind::Invalidate => push.data.into_iter().for_each(|data| self.invalidate(data)),
            PushKind::Message => self.message(&push.data),
            PushKind::Disconnection => {
                self.announcer.end(self.connection);
                self.cut.notify_one();
            }
            _ => {}
        }
    }

    /// An array of keys, or nil for all of them.
    fn invalidate(&self, data: Value) {
        let Value::Array(keys) = data else {
            return self.announcer.flushed(self.connection);
        };
        for key in keys {
            match key {
                Value::BulkString(key) if *key == *self.announcer.canary.as_bytes() => {
                    self.canary_heard.send_replace(Instant::now());
                }
                Value::BulkString(key) => self.announcer.changed(&key),
                _ => self.announcer.flushed(self.connection),
            }
        }
    }

    /// A channel and what was said on it.
    fn message(&self, data: &[Value]) {
        let [Value::BulkString(channel), Value::BulkString(message)] = data else {
            return;
        };
        if **channel == *self.announcer.canary.as_bytes() {
            self.canary_heard.send_replace(Instant::now());
        } else {
            self.announcer.message(message);
        }
    }

    /// When the canary was last heard.
    pub(super) fn canary(&self) -> watch::Receiver<Instant> {
        self.canary_heard.subscribe()
    }

    /// Returns once the connection has ended.
    pub(super) async fn cut(&self) {
        self.cut.notified().await;
    }
}
