//! Waiting: the one place where a test looks again later, and the one that reads the clock.
#![expect(
    clippy::disallowed_methods,
    reason = "a deadline of a test is real time"
)]

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a loaded machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(5);

/// Asks until there is an answer; fails with `what` when there is none in time.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let clock = Clock::start();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(clock.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(POLL);
    }
}

/// Measures how long something took.
#[derive(Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    pub(crate) fn ms(self) -> u128 {
        self.elapsed().as_millis()
    }
}
