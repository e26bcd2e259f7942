//! `Knowledge`: what the gateway must know by now, and what it may go on with when Redis is away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Grows while nothing happens to the connection.
#[derive(Default)]
pub(super) struct Knowledge {
    /// What Redis had acknowledged by then has been announced to the gateway, or is asked for before it is used.
    pub(super) settled: Duration,
    /// The number of the connection to which nothing has happened since, if so.
    calm: Option<u64>,
    /// How often calm has come.
    calms: u64,
    /// Tokens that were asked for since, or flushed: nothing from before is remembered of them.
    confirmed: BTreeSet<String>,
    /// What is settled of a token whatever happens to Redis afterwards.
    settled_of: BTreeMap<String, Duration>,
    /// Sessions that were served from memory as they are now, in which calm and by which connection: they go on, whatever
    /// happens to Redis.
    known: BTreeMap<String, (u64, u64)>,
}

impl Knowledge {
    /// A question of that time was answered over this connection, and so after every push from before it.
    pub(super) fn settle(&mut self, connection: u64, asked: Duration) {
        if self.calm != Some(connection) {
            self.calm = Some(connection);
            self.calms += 1;
            self.confirmed.clear();
        }
        self.settled = asked;
        let confirmed = self.confirmed.iter().cloned();
        self.settled_of
            .extend(confirmed.map(|token| (token, asked)));
    }

    /// Something happens to the connection.
    pub(super) fn disturb(&mut self) {
        self.calm = None;
    }

    /// Whether nothing has happened to this connection, as far as the test has a hand in it.
    pub(super) fn is_calm_on(&self, connection: u64) -> bool {
        self.calm == Some(connection)
    }

    /// A token was asked for, and answered by what this connection told.
    pub(super) fn confirm(&mut self, token: &str) {
        self.confirmed.insert(token.to_owned());
    }

    /// Its session was served from memory, as it is now.
    pub(super) fn remember(&mut self, token: &str, connection: u64) {
        self.known
            .insert(token.to_owned(), (self.calms, connection));
    }

    /// Its record is written.
    pub(super) fn forget(&mut self, token: &str) {
        self.known.remove(token);
    }

    /// All records are gone. It was announced if tokens are given.
    pub(super) fn forget_all(&mut self, announced: impl Iterator<Item = String>) {
        self.known.clear();
        self.confirmed.extend(announced);
    }

    /// What is settled of this token, even if something happens to the connection just now.
    pub(super) fn settled_of(&self, token: &str) -> Duration {
        self.settled_of.get(token).copied().unwrap_or_default()
    }

    /// Whether its session goes on, whatever happens to Redis.
    pub(super) fn is_known(&self, token: &str) -> bool {
        self.known.contains_key(token)
    }

    /// Whether it is known since the last calm and by this very connection: nothing can have been missed.
    pub(super) fn is_known_by(&self, token: &str, connection: u64) -> bool {
        self.known.get(token) == Some(&(self.calms, connection))
    }
}
