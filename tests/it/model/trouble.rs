//! `Trouble`: what can come between the gateway and Redis, how it begins and how it ends.

use crate::harness::Stack;

/// One at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The connection is closed; the next one works.
    Cut,
    /// No connection.
    Closed,
    /// Bytes are lost and nobody is told.
    Silent,
    /// Bytes are late.
    Stalled,
    /// Every question is refused.
    Loading,
    /// The server stands still.
    Frozen,
    /// The server crashes and comes back empty.
    Restart,
}

impl Trouble {
    pub(super) const ALL: [Self; 7] = [
        Self::Cut,
        Self::Closed,
        Self::Silent,
        Self::Stalled,
        Self::Loading,
        Self::Frozen,
        Self::Restart,
    ];

    pub(super) fn begin(self, stack: &mut Stack) {
        match self {
            Self::Cut => stack.proxy().cut(),
            Self::Closed => stack.proxy().close(),
            Self::Silent => stack.proxy().silence(),
            Self::Stalled => stack.proxy().stall(),
            Self::Loading => stack
                .proxy()
                .refuse("LOADING Redis is loading the dataset in memory"),
            Self::Frozen => stack.redis().freeze(),
            Self::Restart => stack.redis_mut().restart(),
        }
    }

    pub(super) fn end(self, stack: &Stack) {
        if self == Self::Frozen {
            stack.redis().thaw();
        }
        stack.proxy().restore();
    }

    /// Whether every session is gone with it.
    pub(super) fn empties_redis(self) -> bool {
        self == Self::Restart
    }

    /// Whether others can write to Redis meanwhile.
    pub(super) fn lets_others_write(self) -> bool {
        self != Self::Frozen
    }

    /// Whether the gateway has to find out by itself.
    pub(super) fn is_unsaid(self) -> bool {
        matches!(self, Self::Silent | Self::Stalled | Self::Frozen)
    }
}
