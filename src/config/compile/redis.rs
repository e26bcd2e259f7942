//! `redis:` of a session source.

use super::format;
use super::redis_servers;
use super::redis_url::{self, UrlError};
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::words;
use crate::secret::Secret;
use crate::store::{
    Follows, Invalidation, KeyTemplate, OnPush, RecordFormat, RedisSettings, Untrackable,
};
use crate::token::TokenSource;
use std::time::Duration;

const KEY: &str = "session:{sha256}";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const REPLY_TIMEOUT: Duration = Duration::from_millis(150);

/// Where the records of a source are: a URL, or a mapping.
pub(super) fn records(
    value: Value<'_>,
    key: Option<Value<'_>>,
    tokens: &[TokenSource],
    by: Invalidation,
) -> Option<RedisSettings> {
    let section = value
        .is_mapping()
        .then(|| value.mapping(keys::REDIS))
        .flatten();
    let preset = format::preset_of(value);
    let by = means(section.as_ref(), by);
    let settings = settings(value, section.as_ref(), by);
    let key = match (key, preset) {
        (Some(key), _) => template(key.parsed(KEY_HELP, KeyTemplate::parse)?, key, by),
        (None, None) => KeyTemplate::parse(KEY).ok(),
        (None, Some(preset)) => match preset.key {
            Some(known) => template(KeyTemplate::parse(known).ok()?, value, by),
            None => {
                let help = "such as \"app:main:session:{id}\": `{id}` is the part of the token before its dot";
                let message = format!("`{}` needs the `key` of its records", preset.word);
                value.fault(message, help);
                None
            }
        },
    };
    let format = match &section {
        Some(section) => format::read(section, tokens),
        None => Some(RecordFormat::Native),
    };
    let on_push = section
        .as_ref()
        .and_then(|section| section.choice("on_push", &words::ON_PUSH));
    let by_preset = preset.map(|preset| preset.on_push);
    Some(RedisSettings {
        key: Some(key?),
        format: format?,
        on_push: on_push.or(by_preset).unwrap_or_default(),
        ..settings?
    })
}

/// Where revocations are kept: a URL, or a mapping.
pub(super) fn marks(value: Value<'_>, by: Invalidation) -> Option<RedisSettings> {
    let section = value
        .is_mapping()
        .then(|| value.mapping(keys::REVOKED))
        .flatten();
    let by = means(section.as_ref(), by);
    settings(value, section.as_ref(), by)
}

/// Where keys of another service are, which are followed whatever the gateway's own Redis does: a URL, or a mapping.
pub(super) fn followed(value: Value<'_>) -> Option<RedisSettings> {
    let section = value
        .is_mapping()
        .then(|| value.mapping(keys::FOLLOWED))
        .flatten();
    settings(value, section.as_ref(), Invalidation::Tracking)
}

fn means(section: Option<&Mapping<'_>>, by: Invalidation) -> Invalidation {
    let own = section.and_then(|section| section.choice("invalidation", &words::INVALIDATION));
    own.unwrap_or(by)
}

/// The server at a URL, with the defaults of a source, for a command that is given no file.
///
/// # Errors
/// When it is no URL of a Redis; the error does not quote it.
pub fn redis_at(url: &str) -> Result<RedisSettings, UrlError> {
    let named = redis_servers::of_url(redis_url::parse(url)?, None);
    Ok(RedisSettings {
        servers: named.servers,
        db: named.db,
        username: named.username,
        password: named.password,
        key: None,
        format: RecordFormat::Native,
        connect_timeout: CONNECT_TIMEOUT,
        reply_timeout: REPLY_TIMEOUT,
        invalidation: Invalidation::None,
        on_push: OnPush::default(),
        follows: Follows::default(),
    })
}

fn settings(
    value: Value<'_>,
    section: Option<&Mapping<'_>>,
    by: Invalidation,
) -> Option<RedisSettings> {
    // What else is wrong is said in the same breath: nothing is given up before all has been read.
    let named = match section {
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
    let of_url = named.as_ref().and_then(|named| named.password.clone());
    let password = password(section, of_url);
    let named = named?;
    Some(RedisSettings {
        db: named.db,
        password,
        username: username.map(str::to_owned).or(named.username),
        servers: named.servers,
        key: None,
        format: RecordFormat::Native,
        connect_timeout,
        reply_timeout,
        invalidation: by,
        on_push: OnPush::default(),
        follows: Follows::default(),
    })
}

const KEY_HELP: &str = "such as \"session:{sha256}\"";

fn template(key: KeyTemplate, value: Value<'_>, by: Invalidation) -> Option<KeyTemplate> {
    let fault = key.trackable().err();
    // What needs no pushes needs no head.
    let fault = fault.filter(|fault| by == Invalidation::Tracking || *fault != Untrackable::NoHead);
    if let Some(fault) = fault {
        let help = "give it a head such as `session:`, or set `invalidation: pubsub` or `none` for this Redis";
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
