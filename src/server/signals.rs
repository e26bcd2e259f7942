//! `Signals`: which signal means what. SIGTERM drains, SIGINT stops at once, SIGHUP is survived.

use crate::observe::{Phase, ServerState};
use async_trait::async_trait;
use pingora::server::{ShutdownSignal, ShutdownSignalWatch};
use sd_notify::NotifyState;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

/// Pingora asks it once and then shuts down accordingly.
pub(super) struct Signals {
    state: Arc<ServerState>,
}

impl Signals {
    pub(super) fn new(state: Arc<ServerState>) -> Self {
        Self { state }
    }

    fn drain(&self) -> ShutdownSignal {
        self.state.enter(Phase::Draining);
        super::notify::tell(&[NotifyState::Stopping]);
        info!("SIGTERM: draining; no new connections, requests in flight go on");
        ShutdownSignal::GracefulTerminate
    }
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        let listened = (
            listen(SignalKind::terminate()),
            listen(SignalKind::interrupt()),
            listen(SignalKind::quit()),
            listen(SignalKind::hangup()),
        );
        let (Some(mut term), Some(mut interrupt), Some(mut quit), Some(mut hangup)) = listened
        else {
            return ShutdownSignal::FastShutdown;
        };
        loop {
            tokio::select! {
                _ = term.recv() => return self.drain(),
                _ = quit.recv() => return self.drain(),
                _ = interrupt.recv() => {
                    info!("SIGINT: stopping at once");
                    return ShutdownSignal::FastShutdown;
                }
                _ = hangup.recv() => {
                    warn!("SIGHUP: this version reads its configuration at start only; restart to apply changes");
                }
            }
        }
    }
}

fn listen(kind: SignalKind) -> Option<Signal> {
    signal(kind)
        .inspect_err(|fault| error!(%fault, ?kind, "cannot listen for a signal"))
        .ok()
}
