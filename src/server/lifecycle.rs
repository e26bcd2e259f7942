//! `Lifecycle`: the process from READY to exit, and the small tasks that run meanwhile.

use super::notify;
use super::pulse::Pulse;
use crate::observe::{LineWriter, Metrics, Phase, ServerState};
use crate::runtime::Live;
use async_trait::async_trait;
use pingora::server::{ExecutionPhase, ListenFds, ShutdownWatch};
use pingora::services::{ServiceReadyNotifier, ServiceWithDependents};
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};

/// How often names of upstream servers are resolved again.
const RESOLVE_EVERY: Duration = Duration::from_secs(30);
/// How often a draining node looks whether it is done.
const DRAIN_POLL: Duration = Duration::from_millis(20);
/// How long an exit waits for the access log.
pub(super) const LAST_LINES: Duration = Duration::from_secs(2);

/// Starts last: when it runs, the proxy and the admin listener do.
pub(super) struct Lifecycle {
    pub(super) state: Arc<ServerState>,
    pub(super) live: Arc<Live>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) access_log: Arc<LineWriter>,
    pub(super) pulse: Pulse,
    pub(super) phases: Option<broadcast::Receiver<ExecutionPhase>>,
}

#[async_trait]
impl ServiceWithDependents for Lifecycle {
    async fn start_service(
        &mut self,
        _fds: Option<ListenFds>,
        _stop: ShutdownWatch,
        _listeners_per_fd: usize,
        ready: ServiceReadyNotifier,
    ) {
        self.state.enter(Phase::Serving);
        notify::tell(&[NotifyState::Ready]);
        ready.notify_ready();
        info!("serving");
        let Some(phases) = self.phases.take() else {
            return;
        };
        tokio::join!(
            self.exit_when_drained(phases),
            self.resolve_names(),
            self.feed_watchdog()
        );
    }

    fn name(&self) -> &'static str {
        "lifecycle"
    }

    fn threads(&self) -> Option<usize> {
        Some(1)
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }
}

impl Lifecycle {
    /// Pingora sleeps its whole grace period, even with nothing left to do (0.9.1). This ends
    /// the process as soon as the last request is done; the grace period is only the upper bound.
    async fn exit_when_drained(&self, mut phases: broadcast::Receiver<ExecutionPhase>) {
        loop {
            match phases.recv().await {
                Ok(ExecutionPhase::ShutdownGracePeriod) => break,
                Err(broadcast::error::RecvError::Closed) => return,
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            }
        }
        tokio::select! {
            () = self.last_request() => info!("drained, exiting"),
            () = interrupted() => info!("SIGINT while draining: stopping at once"),
        }
        self.access_log.flush(LAST_LINES);
        std::process::exit(0);
    }

    /// Two looks: a request whose head was just read is not counted yet at the first.
    async fn last_request(&self) {
        let mut idle_looks = 0;
        let mut looks = interval(DRAIN_POLL);
        while idle_looks < 2 {
            looks.tick().await;
            idle_looks = if self.metrics.in_flight_total() == 0 {
                idle_looks + 1
            } else {
                0
            };
        }
    }

    async fn resolve_names(&self) {
        let mut turns = interval(RESOLVE_EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once, and the proxy has just resolved them.
        turns.tick().await;
        loop {
            turns.tick().await;
            let runtime = self.live.pin();
            for cluster in &runtime.clusters {
                cluster.resolve().await;
            }
        }
    }

    /// Tells systemd's watchdog that all is well, if the proxy's own threads say so.
    async fn feed_watchdog(&self) {
        let Some(every) = notify::watchdog_interval() else {
            return;
        };
        let mut turns = interval(every);
        loop {
            turns.tick().await;
            if self.pulse.is_felt(every).await {
                notify::tell(&[NotifyState::Watchdog]);
            } else {
                error!("the proxy's threads do not answer; the watchdog is not fed");
            }
        }
    }
}

/// Pingora listens to no further signal once it shuts down.
async fn interrupted() {
    match signal(SignalKind::interrupt()) {
        Ok(mut interrupt) => _ = interrupt.recv().await,
        Err(_) => std::future::pending().await,
    }
}
