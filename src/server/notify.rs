//! What systemd is told: READY, STOPPING, and that the workers still turn. Silent where there is no systemd.

use sd_notify::NotifyState;
use std::time::Duration;
use tracing::warn;

/// Sends states to the service manager, if there is one.
pub(super) fn tell(states: &[NotifyState<'_>]) {
    if let Err(fault) = sd_notify::notify(states) {
        warn!(%fault, "cannot notify the service manager");
    }
}

/// Half of the unit's `WatchdogSec`, if it has one.
pub(super) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}
