//! `Tally`: what one thread counts, and the sum of several.

use crate::mix::Kind;
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// When it is measured. Faults and wrong answers count at any time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Instant,
    pub(crate) to: Instant,
}

impl Window {
    pub(crate) fn contains(&self, moment: Instant) -> bool {
        (self.from..self.to).contains(&moment)
    }
}

/// Counts of one kind of request.
#[derive(Clone)]
pub(crate) struct KindTally {
    /// From the intended start to the last byte, in nanoseconds, of requests due in the window.
    pub(crate) latency: Histogram<u64>,
    /// Answers that were not what they should be.
    pub(crate) wrong: u64,
    /// Requests without an answer.
    pub(crate) failed: u64,
}

/// Counts of all.
#[derive(Clone)]
pub(crate) struct Tally {
    /// In the order of [`Kind::ALL`].
    pub(crate) kinds: [KindTally; Kind::ALL.len()],
    /// How long a request that was due, and had a free connection, was not sent: the generator's own delay.
    pub(crate) send_lag: Histogram<u64>,
    /// Requests due in the window, and those of them that had to wait for a free connection.
    pub(crate) due: u64,
    pub(crate) waited: u64,
    /// Those of them that had an answer, right or wrong, or failed.
    pub(crate) settled: u64,
    /// Answers that came in the window, whenever they were due: what its CPU time was spent on.
    pub(crate) answered: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// Connections that their server closed, or that failed, and were opened again.
    pub(crate) reconnects: u64,
    /// The first few things that went wrong.
    pub(crate) examples: Vec<String>,
}

/// Three digits are enough to compare by, an hour is long enough.
const DIGITS: u8 = 3;
const LONGEST: Duration = Duration::from_secs(3600);
const MAX_EXAMPLES: usize = 5;

pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(nanoseconds(LONGEST), DIGITS).expect("three digits of an hour")
}

pub(crate) fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

impl Tally {
    pub(crate) fn new() -> Self {
        let kind = KindTally {
            latency: histogram(),
            wrong: 0,
            failed: 0,
        };
        Self {
            kinds: std::array::from_fn(|_| kind.clone()),
            send_lag: histogram(),
            due: 0,
            waited: 0,
            settled: 0,
            answered: 0,
            bytes_sent: 0,
            bytes_received: 0,
            reconnects: 0,
            examples: Vec::new(),
        }
    }

    pub(crate) fn kind(&mut self, kind: Kind) -> &mut KindTally {
        let [known, forged, anonymous, unknown, expired] = &mut self.kinds;
        match kind {
            Kind::Known => known,
            Kind::Forged => forged,
            Kind::Anonymous => anonymous,
            Kind::Unknown => unknown,
            Kind::Expired => expired,
        }
    }

    pub(crate) fn example(&mut self, text: impl FnOnce() -> String) {
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(text());
        }
    }

    /// Adds those of another thread.
    pub(crate) fn add(&mut self, other: Self) {
        for (own, other) in self.kinds.iter_mut().zip(other.kinds) {
            own.latency += other.latency;
            own.wrong += other.wrong;
            own.failed += other.failed;
        }
        self.send_lag += other.send_lag;
        self.due += other.due;
        self.waited += other.waited;
        self.settled += other.settled;
        self.answered += other.answered;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.reconnects += other.reconnects;
        for example in other.examples {
            self.example(|| example);
        }
    }
}
