//! `History`: every state of one fact. What was never written is the default.

use std::fmt::Debug;
use std::time::Duration;

pub(super) struct History<T> {
    states: Vec<State<T>>,
}

struct State<T> {
    value: T,
    /// When its write was sent: it may be seen from then on.
    begun: Duration,
    /// When Redis had acknowledged the next one: from then on this one is over.
    over: Option<Duration>,
}

impl<T: Default> Default for History<T> {
    fn default() -> Self {
        let never = State {
            value: T::default(),
            begun: Duration::ZERO,
            over: None,
        };
        Self {
            states: vec![never],
        }
    }
}

impl<T: Clone + Debug + Default + PartialEq> History<T> {
    /// It is another one between the two.
    pub(super) fn write(&mut self, value: T, (begun, done): (Duration, Duration)) {
        if let Some(last) = self.states.last_mut() {
            last.over = Some(done);
        }
        self.states.push(State {
            value,
            begun,
            over: None,
        });
    }

    /// As if it had never been written.
    pub(super) fn reset(&mut self, when: (Duration, Duration)) {
        if *self.now() != T::default() {
            self.write(T::default(), when);
        }
    }

    pub(super) fn now(&self) -> &T {
        let last = self.states.last();
        &last.expect("it begins with the default").value
    }

    /// Every state that was not over at the one time and had begun at the other.
    pub(super) fn during(history: Option<&Self>, (from, until): (Duration, Duration)) -> Vec<T> {
        let Some(Self { states }) = history else {
            return vec![T::default()];
        };
        let meanwhile = states
            .iter()
            .filter(|state| state.begun <= until && state.over.is_none_or(|over| over >= from));
        meanwhile.map(|state| state.value.clone()).collect()
    }

    pub(super) fn latest(&self) -> Vec<T> {
        let latest = self.states.iter().rev().take(LATEST);
        latest.map(|state| state.value.clone()).collect()
    }

    pub(super) fn describe(&self) -> String {
        let latest = self.states.iter().rev().take(LATEST).rev();
        let lines = latest.map(|state| {
            format!(
                "{:?} from {:?} to {:?}\n",
                state.value, state.begun, state.over
            )
        });
        lines.collect()
    }
}

const LATEST: usize = 8;
