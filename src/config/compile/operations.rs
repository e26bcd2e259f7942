//! What operators set: `version:`, `admin:`, `threads:`, `log:`, `shutdown:`.

use super::listeners;
use crate::config::address;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::listen::Endpoint;
use crate::observe::LogSettings;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How long requests in flight may go on when nothing is said.
const DRAIN: Duration = Duration::from_secs(20);
/// More workers than any machine has cores.
const MOST_THREADS: u64 = 1024;

/// Refuses a format that is not this one.
pub(super) fn version(root: &Mapping<'_>) {
    let Some(value) = root.get("version") else {
        return;
    };
    if value.count(0, u64::MAX).is_some_and(|version| version != 1) {
        value.fault("this gateway reads version 1 of the format", "`version: 1`");
    }
}

/// Where metrics and status are served; never where clients connect.
pub(super) fn admin(root: &Mapping<'_>, listeners: &[Endpoint]) -> Option<Endpoint> {
    let value = root.get("admin")?;
    let address = if value.is_mapping() {
        let section = value.mapping(keys::ADMIN)?;
        section.required("listen", address::ENDPOINT_HELP)?
    } else {
        value
    };
    let endpoint = listeners::endpoint(address)?;
    if let Some(other) = listeners
        .iter()
        .find(|other| address::clash(other, &endpoint))
    {
        address.fault(
            format!("`{other}` takes this address already"),
            "the admin listener is never a public one",
        );
    }
    Some(endpoint)
}

/// Proxy workers; left out: one per core.
pub(super) fn threads(root: &Mapping<'_>) -> Option<NonZeroUsize> {
    let count = root.get("threads")?.count(1, MOST_THREADS)?;
    NonZeroUsize::new(usize::try_from(count).ok()?)
}

/// What is logged.
pub(super) fn log(root: &Mapping<'_>) -> LogSettings {
    let Some(section) = root.section("log", keys::LOG) else {
        return LogSettings::default();
    };
    LogSettings {
        level: section.choice("level", &words::LEVELS).unwrap_or_default(),
        format: section
            .choice("format", &words::FORMATS)
            .unwrap_or_default(),
        access: section.choice("access", &words::ACCESS).unwrap_or_default(),
    }
}

/// How long requests in flight may go on after SIGTERM.
pub(super) fn drain(root: &Mapping<'_>) -> Duration {
    root.section("shutdown", keys::SHUTDOWN)
        .and_then(|section| section.get("drain"))
        .and_then(Value::duration)
        .unwrap_or(DRAIN)
}
