//! `SCAN` of a whole cluster: one master after the other, as if they were one server. Whoever asks sees one cursor.

use super::fleet::Fleet;
use crate::store::contract::{StoreError, StoreFault};
use crate::store::redis::fault::fault;
use redis::{Arg, Cmd, Pipeline, Value, pipe};

/// How far a walk has come: `0` at its beginning and at its end, else `epoch.master.cursor of that master`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Of the chart on which the walk goes: on another one it might miss a key.
    epoch: u64,
    master: usize,
    /// That of the master itself.
    own: Vec<u8>,
}

/// The one command, if it is a `SCAN`.
pub(super) fn scan_in(question: &Pipeline) -> Option<&Cmd> {
    let mut commands = question.cmd_iter();
    let only = commands.next().filter(|_| commands.next().is_none())?;
    (words(only).next() == Some(b"SCAN".as_slice())).then_some(only)
}

/// One round, at one master.
///
/// # Errors
/// When the cluster has changed since the walk began, or the master cannot be asked.
pub(super) async fn scan(fleet: &Fleet, command: &Cmd) -> Result<Vec<Value>, StoreError> {
    let epoch = fleet.chart.epoch;
    let given = words(command).nth(1).unwrap_or(START);
    let cursor = Cursor::parse(given, epoch).filter(|cursor| cursor.epoch == epoch);
    let place = cursor.and_then(|cursor| Some((fleet.members.get(cursor.master)?, cursor)));
    let (member, cursor) = place.ok_or_else(|| {
        let text = "the cluster has changed while it was searched; search again";
        fault(StoreFault::Unavailable, text)
    })?;
    let mut replies = member.link.ask(&at_master(command, &cursor)).await?;
    if let Some(Value::Array(parts)) = replies.first_mut()
        && let Some(Value::BulkString(next)) = parts.first_mut()
    {
        *next = cursor.after(next, fleet.members.len());
    }
    Ok(replies)
}

impl Cursor {
    fn parse(text: &[u8], epoch: u64) -> Option<Self> {
        if text == START {
            return Some(Self {
                epoch,
                master: 0,
                own: START.to_vec(),
            });
        }
        let mut parts = str::from_utf8(text).ok()?.splitn(3, '.');
        Some(Self {
            epoch: parts.next()?.parse().ok()?,
            master: parts.next()?.parse().ok()?,
            own: parts.next()?.as_bytes().to_vec(),
        })
    }

    /// What comes after the master gave this one.
    fn after(&self, next: &[u8], masters: usize) -> Vec<u8> {
        let (master, own) = match next {
            START if self.master + 1 == masters => return START.to_vec(),
            START => (self.master + 1, START),
            next => (self.master, next),
        };
        let place = format!("{}.{master}.", self.epoch);
        [place.as_bytes(), own].concat()
    }
}

/// The same command with the master's own cursor.
fn at_master(command: &Cmd, cursor: &Cursor) -> Pipeline {
    let mut question = pipe();
    let scan = question.cmd("SCAN").arg(&cursor.own);
    words(command).skip(2).for_each(|word| {
        scan.arg(word);
    });
    question
}

fn words(command: &Cmd) -> impl Iterator<Item = &[u8]> {
    command.args_iter().filter_map(|word| match word {
        Arg::Simple(bytes) => Some(bytes),
        _ => None,
    })
}

const START: &[u8] = b"0";

#[cfg(test)]
mod tests {
    use super::{Cursor, scan_in};
    use redis::pipe;

    #[test]
    fn a_walk_goes_from_master_to_master_and_ends_after_the_last() {
        let steps = [
            ("0", "17", "7.0.17"),
            ("7.0.17", "0", "7.1.0"),
            ("7.1.0", "3", "7.1.3"),
            ("7.1.3", "0", "0"),
        ];
        for (given, next, expected) in steps {
            let cursor = Cursor::parse(given.as_bytes(), 7).expect(given);
            let after = cursor.after(next.as_bytes(), 2);
            assert_eq!(String::from_utf8_lossy(&after), expected, "{given} {next}");
        }
        for nonsense in ["", "1", "7.0", "7.x.0", "-1.0.0"] {
            assert_eq!(Cursor::parse(nonsense.as_bytes(), 7), None, "{nonsense}");
        }
    }

    #[test]
    fn only_a_scan_alone_is_a_walk() {
        let mut one = pipe();
        one.cmd("SCAN").arg("0");
        assert!(scan_in(&one).is_some());
        one.cmd("GET").arg("0");
        assert!(scan_in(&one).is_none());
        assert!(scan_in(&pipe()).is_none());
    }
}
