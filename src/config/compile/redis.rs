//! `redis:` of a session source.

use super::redis_servers;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::words;
use crate::secret::Secret;
use crate::store::{Invalidation, KeyTemplate, RedisSettings, Untrackable};
use std::time::Duration;

const KEY: &str = "session:{sha256}";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const REPLY_TIMEOUT: Duration = Duration::from_millis(150);

/// A URL, or a mapping.
pub(super) fn settings(
    value: Value<'_>,
    key: Option<Value<'_>>,
    by: Invalidation,
) -> Option<RedisSettings> {
    let key = match key {
        Some(key) => template(key, by),
        None => KeyTemplate::parse(KEY).ok(),
    };
    let section = value
        .is_mapping()
        .then(|| value.mapping(keys::REDIS))
        .flatten();
    // What else is wrong is said in the same breath: nothing is given up before all has been read.
    let named = match &section {
        Some(section) => redis_servers::by_mapping(section),
        None => redis_servers::by_url(value),
    };
    let username = section
        .and_then(|section| section.get("username"))
        .and_then(Value::text);
    let (mut connect_timeout, mut reply_timeout) = (CONNECT_TIMEOUT, REPLY_TIMEOUT);
    if let Some(timeouts) = section.and_then(|it| it.section("timeout", keys::REDIS_TIMEOUT)) {
        timeouts.timeouts([
            ("connect", &mut connect_timeout),
            ("reply", &mut reply_timeout),
        ]);
    }
    let on_push = section
        .as_ref()
        .and_then(|section| section.choice("on_push", &words::ON_PUSH));
    let of_url = named.as_ref().and_then(|named| named.password.clone());
    let password = password(section.as_ref(), of_url);
    let named = named?;
    Some(RedisSettings {
        db: named.db,
        password,
        username: username.map(str::to_owned).or(named.username),
        servers: named.servers,
        key: Some(key?),
        connect_timeout,
        reply_timeout,
        invalidation: by,
        on_push: on_push.unwrap_or_default(),
    })
}

fn template(value: Value<'_>, by: Invalidation) -> Option<KeyTemplate> {
    let key = value.parsed("such as \"session:{sha256}\"", KeyTemplate::parse)?;
    let fault = key.trackable().err();
    // What needs no pushes needs no head.
    let fault = fault.filter(|fault| by == Invalidation::Tracking || *fault != Untrackable::NoHead);
    if let Some(fault) = fault {
        let help = "give it a head such as `session:`, or set `cache: {invalidation: none}`";
        value.fault(fault.to_string(), help);
        return None;
    }
    Some(key)
}

fn password(
    section: Option<&Mapping<'_>>,
    of_url: Option<Secret<String>>,
) -> Option<Secret<String>> {
    let Some(value) = section.and_then(|section| section.get("password")) else {
        return of_url;
    };
    if of_url.is_some() {
        value.fault("the URL holds a password already", "remove it from the URL");
    }
    secrets::read(value)
}
