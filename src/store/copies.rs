//! `Copies`: a message goes through the whole cluster, and every master brings it. One of them counts.

use super::message::Message;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The last messages, and who has brought each.
#[derive(Default)]
pub(super) struct Copies(Mutex<VecDeque<Brought>>);

struct Brought {
    fingerprint: u64,
    first: Instant,
    by: Vec<u64>,
}

impl Copies {
    /// Whether it was not heard before: from nobody, or from this member already, which brings each message once. So no
    /// message is missed because some member failed to bring it.
    pub(super) fn is_news(&self, message: &Message, member: u64, now: Instant) -> bool {
        let mut brought = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        brought.retain(|known| now.saturating_duration_since(known.first) < REMEMBERED_FOR);
        let same = |known: &&mut Brought| known.fingerprint == message.fingerprint;
        match brought.iter_mut().rev().find(same) {
            Some(known) if !known.by.contains(&member) => {
                known.by.push(member);
                false
            }
            _ => {
                if brought.len() == REMEMBERED {
                    brought.pop_front();
                }
                brought.push_back(Brought {
                    fingerprint: message.fingerprint,
                    first: now,
                    by: vec![member],
                });
                true
            }
        }
    }
}

/// Copies come within moments of each other; what came long before is another message.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
const REMEMBERED: usize = 64;

#[cfg(test)]
mod tests {
    use super::{Copies, Message, REMEMBERED_FOR};
    use crate::clock::Now;

    #[test]
    fn each_message_counts_once_whoever_brings_it_first() {
        let (copies, now) = (Copies::default(), Now::read().mono);
        let (one, other) = (Message::read(b"one"), Message::read(b"other"));
        let brought = [
            (&one, 1, true),
            (&one, 2, false),
            (&other, 2, true),
            (&one, 3, false),
            (&other, 1, false),
            // Said again, and the first member to bring it is another one.
            (&one, 3, true),
            (&one, 1, false),
            (&one, 2, false),
            (&one, 2, true),
        ];
        for (at, (message, member, expected)) in brought.into_iter().enumerate() {
            assert_eq!(copies.is_news(message, member, now), expected, "step {at}");
        }
        let later = now + REMEMBERED_FOR;
        assert!(
            copies.is_news(&one, 4, later),
            "long after, from a newcomer"
        );
    }
}
