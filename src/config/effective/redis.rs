//! `redis:` and `revoked:` in force.

use super::formats;
use super::sections::{REDACTED, set, texts};
use crate::config::units::show_duration;
use crate::config::words::{self, word};
use crate::store::{RecordFormat, RedisAddress, RedisServers, RedisSettings, SentinelSettings};
use serde_json::{Value, json};

/// The servers, and what lies under their keys.
pub(super) fn redis(store: &RedisSettings) -> Value {
    let mut section = servers(store);
    let on_push = word(&words::ON_PUSH, &store.on_push);
    set(&mut section, "on_push", on_push.into());
    if let RecordFormat::Foreign(format) = &store.format {
        set(&mut section, "format", formats::section(format));
    }
    section
}

/// The servers alone.
pub(super) fn servers(store: &RedisSettings) -> Value {
    let mut section = followed(store);
    let by = word(&words::INVALIDATION, &store.invalidation);
    set(&mut section, "invalidation", by.into());
    section
}

/// The servers of another service.
pub(super) fn followed(store: &RedisSettings) -> Value {
    let mut section = json!({
        "timeout": {
            "connect": show_duration(store.connect_timeout),
            "reply": show_duration(store.reply_timeout),
        },
    });
    let ca = match &store.servers {
        RedisServers::One(address) => {
            set(&mut section, "url", redis_url(address, store.db).into());
            match address {
                RedisAddress::Tcp { tls, .. } => tls.as_ref(),
                RedisAddress::Unix(_) => None,
            }
        }
        RedisServers::Sentinel(settings) => {
            set(&mut section, "sentinel", sentinel(settings));
            set(&mut section, "db", store.db.into());
            set(&mut section, "tls", settings.tls.is_some().into());
            settings.tls.as_ref()
        }
        RedisServers::Cluster(settings) => {
            set(&mut section, "cluster", texts(&settings.nodes));
            set(&mut section, "tls", settings.tls.is_some().into());
            settings.tls.as_ref()
        }
    };
    login(
        &mut section,
        store.username.as_ref(),
        store.password.is_some(),
    );
    if ca.is_some_and(|tls| tls.ca_pem.is_some()) {
        set(&mut section, "ca", REDACTED.into());
    }
    section
}

fn redis_url(address: &RedisAddress, db: i64) -> String {
    match address {
        RedisAddress::Tcp { .. } => format!("{address}/{db}"),
        RedisAddress::Unix(_) => format!("{address}?db={db}"),
    }
}

fn sentinel(settings: &SentinelSettings) -> Value {
    let mut section = json!({"master": settings.master, "nodes": texts(&settings.nodes)});
    let has_password = settings.password.is_some();
    login(&mut section, settings.username.as_ref(), has_password);
    section
}

fn login(section: &mut Value, username: Option<&String>, has_password: bool) {
    if let Some(username) = username {
        set(section, "username", username.as_str().into());
    }
    if has_password {
        set(section, "password", REDACTED.into());
    }
}
