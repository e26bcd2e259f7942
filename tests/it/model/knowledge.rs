//! `Knowledge`: what the gateway must know by now, and what it may go on with when Redis is away.

use crate::harness::sid;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Grows while nothing happens to the connection. Names are those of tokens and of users.
#[derive(Default)]
pub(super) struct Knowledge {
    /// What Redis had acknowledged by then has been announced to the gateway, or is asked for before it is used.
    pub(super) settled: Duration,
    /// The number of the connection to which nothing has happened since, if so.
    calm: Option<u64>,
    /// How often calm has come.
    calms: u64,
    /// Names that were asked for since, or flushed: nothing from before is remembered of them.
    confirmed: BTreeSet<String>,
    /// What is settled of a name whatever happens to Redis afterwards.
    settled_of: BTreeMap<String, Duration>,
    /// Sessions that were served from memory as they are now: they go on, whatever happens to Redis.
    known: BTreeMap<String, Known>,
    /// What has been written since the last settling: the gateway may be about to forget what hangs on it.
    in_doubt: BTreeSet<Tie>,
}

/// In which calm it was served, by which connection, and what it hangs on.
struct Known {
    by: (u64, u64),
    ties: [Tie; 2],
}

/// A gateway that hears of a change forgets what hangs on this part of the name's digest, so a few neighbours as well.
type Tie = String;

impl Knowledge {
    /// A question of that time was answered over this connection, and so after every push from before it.
    pub(super) fn settle(&mut self, connection: u64, asked: Duration) {
        if self.calm != Some(connection) {
            self.calm = Some(connection);
            self.calms += 1;
            self.confirmed.clear();
        }
        self.settled = asked;
        self.in_doubt.clear();
        let confirmed = self.confirmed.iter().cloned();
        self.settled_of.extend(confirmed.map(|name| (name, asked)));
    }

    /// Something happens to the connection.
    pub(super) fn disturb(&mut self) {
        self.calm = None;
    }

    /// Whether nothing has happened to this connection, as far as the test has a hand in it.
    pub(super) fn is_calm_on(&self, connection: u64) -> bool {
        self.calm == Some(connection)
    }

    /// It was asked for, and answered by what this connection told.
    pub(super) fn confirm(&mut self, name: &str) {
        self.confirmed.insert(name.to_owned());
    }

    /// The session of a token was served from memory, as it is now.
    pub(super) fn remember(&mut self, token: &str, user: &str, connection: u64) {
        let ties = [tie(token), tie(user)];
        if ties.iter().all(|tie| !self.in_doubt.contains(tie)) {
            let by = (self.calms, connection);
            self.known.insert(token.to_owned(), Known { by, ties });
        }
    }

    /// Something is written about this name.
    pub(super) fn doubt(&mut self, name: &str) {
        let tie = tie(name);
        self.known.retain(|_, known| !known.ties.contains(&tie));
        self.in_doubt.insert(tie);
    }

    /// Everything is gone. It was announced if names are given.
    pub(super) fn forget_all(&mut self, announced: impl Iterator<Item = String>) {
        self.known.clear();
        self.confirmed.extend(announced);
    }

    /// What is settled of this name, even if something happens to the connection just now.
    pub(super) fn settled_of(&self, name: &str) -> Duration {
        self.settled_of.get(name).copied().unwrap_or_default()
    }

    /// Whether its session goes on, whatever happens to Redis.
    pub(super) fn is_known(&self, token: &str) -> bool {
        self.known.contains_key(token)
    }

    /// Whether it is known since the last calm and by this very connection: nothing can have been missed.
    pub(super) fn is_known_by(&self, token: &str, connection: u64) -> bool {
        let known = self.known.get(token);
        known.is_some_and(|known| known.by == (self.calms, connection))
    }
}

fn tie(name: &str) -> Tie {
    sid(name).split_off(SID_DIGITS - TIE_DIGITS)
}

const SID_DIGITS: usize = 16;
/// There are 4096 of them.
const TIE_DIGITS: usize = 3;
