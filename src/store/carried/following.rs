//! `Following`: the Redis of the service that is asked, followed beside the marks. Both feeds are one: it vouches while
//! each of them does.

use crate::store::administration::Administration;
use crate::store::confluence::Confluence;
use crate::store::contract::ServerState;
use crate::store::feed::{ChangeSink, Feed, FeedMode};
use crate::store::redis::Watcher;
use std::sync::Arc;

/// What ends at the service itself.
pub(in crate::store) struct Following {
    watcher: Watcher,
    confluence: Arc<Confluence>,
    /// Whether the marks are to tell of their changes too.
    are_marks_told: bool,
}

impl Following {
    /// Connects nothing yet.
    pub(in crate::store) fn new(watcher: Watcher, are_marks_told: bool) -> Self {
        Self {
            watcher,
            confluence: Arc::default(),
            are_marks_told,
        }
    }

    pub(super) async fn start(&self) {
        self.watcher.start().await;
    }

    /// Tells this sink of both.
    pub(super) fn watch(&self, marks: &dyn Administration, sink: Arc<dyn ChangeSink>) {
        self.confluence.watch(sink);
        self.confluence.seat(match self.are_marks_told {
            true => &[MARKS, SERVICE],
            // What is announced of them is passed on all the same.
            false => &[SERVICE],
        });
        marks.watch(self.confluence.tributary(MARKS));
        self.watcher.watch(self.confluence.tributary(SERVICE));
    }

    /// As good as the worse of the two.
    pub(super) fn feed(&self, marks: Feed) -> Feed {
        let service = self.watcher.feed().mode;
        let mode = match (&service, marks.mode) {
            (FeedMode::None(_), _) => service,
            (_, of_marks @ (FeedMode::None(_) | FeedMode::Messages)) if self.are_marks_told => {
                of_marks
            }
            _ => service,
        };
        Feed {
            mode,
            vouching: self.confluence.is_whole(),
        }
    }

    pub(super) fn servers(&self) -> Vec<ServerState> {
        self.watcher.states()
    }

    /// Somebody wants every answer asked for again, whatever was told of it.
    pub(super) fn distrust(&self) {
        self.confluence.distrust();
    }
}

/// The numbers of the feeds.
const MARKS: u64 = 1;
const SERVICE: u64 = 2;
