//! `redis:` of a session source.

use super::redis_url::{self, RedisPlace, RedisUrl};
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::words;
use crate::secret::Secret;
use crate::store::{Invalidation, KeyTemplate, RedisAddress, RedisSettings, RedisTls, Untrackable};
use std::fs;
use std::time::Duration;

const KEY: &str = "session:{sha256}";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const REPLY_TIMEOUT: Duration = Duration::from_millis(150);

/// A server: its URL, or a mapping.
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
    let address = match &section {
        Some(section) => section.required("url", redis_url::HELP)?,
        None => value,
    };
    let url = address.parsed(redis_url::HELP, redis_url::parse)?;
    warn_of_password(address, &url);
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
    Some(RedisSettings {
        db: url.db,
        password: password(section.as_ref(), &url),
        username: username.map(str::to_owned).or(url.username),
        address: server(section.as_ref(), url.place),
        key: key?,
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

fn warn_of_password(address: Value<'_>, url: &RedisUrl) {
    if url.password.is_some() && !address.is_interpolated() {
        address.place.warn(
            "a password stands in the file itself",
            "use the long form: redis: {url: …, password: {credential: …}}",
        );
    }
}

fn password(section: Option<&Mapping<'_>>, url: &RedisUrl) -> Option<Secret<String>> {
    let value = section.and_then(|section| section.get("password"));
    let Some(value) = value else {
        return url.password.clone();
    };
    if url.password.is_some() {
        value.fault("the URL holds a password already", "remove it from the URL");
    }
    secrets::read(value)
}

fn server(section: Option<&Mapping<'_>>, place: RedisPlace) -> RedisAddress {
    let ca = section.and_then(|section| section.get("ca"));
    let (host, port, tls) = match place {
        RedisPlace::Tcp { host, port, tls } => (host, port, tls),
        RedisPlace::Unix(path) => {
            refuse_ca(ca);
            return RedisAddress::Unix(path);
        }
    };
    if !tls {
        refuse_ca(ca);
    }
    let tls = tls.then(|| RedisTls {
        ca_pem: ca.and_then(certificates),
    });
    RedisAddress::Tcp { host, port, tls }
}

fn refuse_ca(ca: Option<Value<'_>>) {
    if let Some(ca) = ca {
        ca.fault("a CA is for TLS, and this URL speaks none", "use rediss://");
    }
}

fn certificates(value: Value<'_>) -> Option<Vec<u8>> {
    let pem = fs::read(value.path()?)
        .inspect_err(|error| value.fault(format!("cannot read the CA: {error}"), ""))
        .ok()?;
    let head = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(head.len()).any(|window| window == head) {
        value.fault(
            "no certificate in this file",
            "PEM text with BEGIN CERTIFICATE",
        );
        return None;
    }
    Some(pem)
}
