//! `Turns`: hands intended starts, when they have come, to connections that are free.

use crate::clock;
use crate::schedule::Schedule;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Instant;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Semaphore;

/// The leave to send one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// The intended start.
    pub(crate) due: Instant,
    /// When the connection could have sent.
    pub(crate) free_since: Instant,
}

/// Of one thread.
pub(crate) enum Turns {
    /// A connection that is free has the next turn at once, until the end.
    Closed { end: Instant },
    /// Starts that have come and wait for a free connection, the longest first.
    Open {
        due: RefCell<VecDeque<Instant>>,
        /// One for each of them. Fair: connections take turns, and none grows cold.
        ready: Semaphore,
    },
}

impl Turns {
    /// The turns that [`Turns::hand_out`] will give.
    pub(crate) fn open() -> Self {
        Self::Open {
            due: RefCell::default(),
            ready: Semaphore::new(0),
        }
    }

    /// Waits for the next turn; `None` when there will be none.
    pub(crate) async fn take(&self) -> Option<Turn> {
        let free_since = clock::now();
        let due = match self {
            Self::Closed { end } => Some(free_since).filter(|now| now < end)?,
            Self::Open { due, ready } => {
                ready.acquire().await.ok()?.forget();
                due.borrow_mut().pop_front()?
            }
        };
        Some(Turn { due, free_since })
    }

    /// Gives each start its turn at its moment, up to the end; then sends so many connections home.
    pub(crate) async fn hand_out(
        &self,
        schedule: Schedule,
        origin: Instant,
        end: Instant,
        connections: usize,
        mut on_due: impl FnMut(Instant),
    ) -> io::Result<()> {
        let Self::Open { due, ready } = self else {
            return Ok(());
        };
        let alarm = Alarm::new()?;
        let starts = schedule.map(|start| origin + start);
        for start in starts.take_while(|start| *start < end) {
            // Late: at once, without a look at the timer.
            alarm.wait_until(start).await?;
            due.borrow_mut().push_back(start);
            on_due(start);
            ready.add_permits(1);
        }
        // Permits without a start behind them.
        ready.add_permits(connections);
        Ok(())
    }
}

/// Tokio's own timers round up to a millisecond, ten times what a request takes.
struct Alarm(AsyncFd<Timer>);

struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Alarm {
    #[expect(
        deprecated,
        reason = "what replaces it is unsafe, lest the descriptor goes away; `Timer` owns its own"
    )]
    fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        AsyncFd::with_interest(Timer(timer), Interest::READABLE).map(Self)
    }

    async fn wait_until(&self, moment: Instant) -> io::Result<()> {
        let left = moment.saturating_duration_since(clock::now());
        if left.is_zero() {
            return Ok(());
        }
        // Setting it again clears the last expiration, so that nothing has to be read.
        self.0.get_ref().0.set(
            Expiration::OneShot(TimeSpec::from_duration(left)),
            TimerSetTimeFlags::empty(),
        )?;
        self.0.readable().await?.clear_ready();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;
    use crate::clock;
    use crate::schedule::{Arrival, Schedule};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use std::time::Duration;
    use tokio::runtime::Builder;

    #[test]
    fn starts_keep_their_order_and_their_time_while_no_connection_is_free() {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let turns = Turns::open();
            let rng = SmallRng::seed_from_u64(1);
            let schedule = Schedule::new(Arrival::Constant, 1000.0, 0, 1, rng);
            let origin = clock::now();
            let end = origin + Duration::from_micros(4500);
            let mut issued = 0;
            let handed = turns.hand_out(schedule, origin, end, 1, |_| issued += 1);
            handed.await.expect("a timer");
            assert!(
                clock::now() >= origin + Duration::from_millis(4),
                "too early"
            );
            assert_eq!(issued, 5);
            for ms in 0..5 {
                let turn = turns.take().await.expect("a turn");
                assert_eq!(turn.due, origin + Duration::from_millis(ms));
                assert!(turn.free_since > turn.due, "taken late, due as intended");
            }
            assert!(turns.take().await.is_none(), "the end");
        });
    }
}
