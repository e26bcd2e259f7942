//! `Truth`: what stood under each key, and since when that can have been known.

use std::collections::BTreeMap;
use std::time::Duration;

/// Who holds a session. Every login is another user, so that no identity is right by chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) user: String,
    pub(super) role: &'static str,
}

/// One state of a key: `None` is no session.
struct State {
    holder: Option<Holder>,
    /// When its write was sent: it may be seen from then on.
    begun: Duration,
    /// When Redis had acknowledged the next one: from then on this one is over.
    over: Option<Duration>,
}

/// Every state of every key.
#[derive(Default)]
pub(super) struct Truth {
    states: BTreeMap<String, Vec<State>>,
}

impl Truth {
    /// A key is written, or with `None` deleted, between the two.
    pub(super) fn write(
        &mut self,
        token: &str,
        holder: Option<Holder>,
        (begun, done): (Duration, Duration),
    ) {
        let states = self.states.entry(token.to_owned()).or_insert_with(never);
        if let Some(last) = states.last_mut() {
            last.over = Some(done);
        }
        states.push(State {
            holder,
            begun,
            over: None,
        });
    }

    /// Every key is deleted.
    pub(super) fn flush(&mut self, when: (Duration, Duration)) {
        for token in self.sessions() {
            self.write(&token, None, when);
        }
    }

    /// Who holds it now.
    pub(super) fn holder(&self, token: &str) -> Option<&Holder> {
        self.states.get(token)?.last()?.holder.as_ref()
    }

    /// The tokens that have a session now.
    pub(super) fn sessions(&self) -> Vec<String> {
        let tokens = self.states.keys();
        tokens
            .filter(|token| self.holder(token).is_some())
            .cloned()
            .collect()
    }

    /// Whether some state that was not over at `from` and had begun at `until` is like this.
    pub(super) fn was(
        &self,
        token: &str,
        (from, until): (Duration, Duration),
        is_like: impl Fn(Option<&Holder>) -> bool,
    ) -> bool {
        let states = self.states.get(token).map(Vec::as_slice);
        let Some(states) = states else {
            return is_like(None);
        };
        let meanwhile = states
            .iter()
            .filter(|state| state.begun <= until && state.over.is_none_or(|over| over >= from));
        meanwhile
            .into_iter()
            .any(|state| is_like(state.holder.as_ref()))
    }

    /// The latest states, for the report of a failure.
    pub(super) fn describe(&self, token: &str) -> String {
        let states = self.states.get(token).map_or(&[][..], Vec::as_slice);
        let latest = states.iter().rev().take(LATEST).rev();
        let lines = latest.map(|state| {
            format!(
                "{:?} from {:?} to {:?}\n",
                state.holder, state.begun, state.over
            )
        });
        lines.collect()
    }
}

const LATEST: usize = 8;

fn never() -> Vec<State> {
    vec![State {
        holder: None,
        begun: Duration::ZERO,
        over: None,
    }]
}
