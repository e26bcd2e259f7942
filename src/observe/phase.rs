//! `ServerState`: whether this node should be sent requests. Read by the admin listener, written by the server.

use std::sync::atomic::{AtomicU8, Ordering};

/// Where the process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Listeners are bound, services are starting.
    Starting,
    /// Requests are served.
    Serving,
    /// No new requests are wanted; those in flight go on.
    Draining,
}

/// The phase, shared.
#[derive(Debug)]
pub struct ServerState(AtomicU8);

impl ServerState {
    /// Starts in [`Phase::Starting`].
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU8::new(Phase::Starting as u8))
    }

    /// Moves on to another phase.
    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }

    /// The current phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Serving,
            _ => Phase::Draining,
        }
    }
}

impl Default for ServerState {
    fn default() -> Self {
        Self::new()
    }
}

impl Phase {
    /// The word in `/readyz` and `/status.json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}
