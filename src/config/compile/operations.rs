//! What operators set: `version:`, `admin:`, `threads:`, `log:`, `shutdown:`.

use super::listeners;
use crate::blueprint::AdminSettings;
use crate::config::address;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::words;
use crate::listen::Endpoint;
use crate::observe::LogSettings;
use crate::secret::Secret;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How long requests in flight may go on when nothing is said.
const DRAIN: Duration = Duration::from_secs(20);
/// More workers than any machine has cores.
const MOST_THREADS: u64 = 1024;
const LEAST_TOKEN: usize = 16;
const MOST_TOKEN: usize = 1024;

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
pub(super) fn admin(root: &Mapping<'_>, listeners: &[Endpoint]) -> Option<AdminSettings> {
    let value = root.get("admin")?;
    let (address, token) = if value.is_mapping() {
        let section = value.mapping(keys::ADMIN)?;
        let token = section.get("token").and_then(admin_token);
        (section.required("listen", address::ENDPOINT_HELP)?, token)
    } else {
        (value, None)
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
    Some(AdminSettings {
        listen: endpoint,
        token,
    })
}

/// Long enough that it cannot be guessed, and of characters that a header can carry.
fn admin_token(value: Value<'_>) -> Option<Secret<String>> {
    let token = secrets::read(value)?;
    let text = token.expose();
    if (LEAST_TOKEN..=MOST_TOKEN).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Some(token);
    }
    value.fault(
        "not a token of 16 to 1024 visible ASCII characters",
        "make one with: openssl rand -base64 32",
    );
    None
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
