//! `Trouble`: what can happen to Redis or come between it and the gateway.

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
    /// Redis takes no writes; everything else is as ever.
    Unwritable,
    /// The master crashes; its replica is to take over.
    MasterKilled,
    /// The master stands still; its replica is to take over.
    MasterFrozen,
    /// The sentinels are told to change over.
    Switched,
    /// The new master has no replica yet.
    Alone,
}

impl Trouble {
    /// Whether every session is gone with it.
    pub(super) fn empties_redis(self) -> bool {
        self == Self::Restart
    }

    /// Whether others can write to Redis meanwhile.
    pub(super) fn lets_others_write(self) -> bool {
        !matches!(
            self,
            Self::Frozen
                | Self::Unwritable
                | Self::MasterKilled
                | Self::MasterFrozen
                | Self::Switched
        )
    }

    /// Whether the gateway hears and is answered all the while.
    pub(super) fn leaves_the_connection(self) -> bool {
        self == Self::Unwritable
    }

    /// Whether the gateway has to find out by itself, and finds nothing else meanwhile.
    pub(super) fn is_unsaid(self) -> bool {
        matches!(self, Self::Silent | Self::Stalled | Self::Frozen)
    }
}
