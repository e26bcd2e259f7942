//! `RedisUrl`: `redis://`, `rediss://`, `unix://` and `redis+unix://`, taken apart.

use crate::config::address;
use crate::secret::Secret;
use crate::store::RedisNode;
use std::path::PathBuf;
use thiserror::Error;

/// The parts of a URL. `Debug` shows no password.
#[derive(Debug, PartialEq)]
pub(super) struct RedisUrl {
    pub(super) place: RedisPlace,
    pub(super) db: i64,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret<String>>,
}

/// Where the server is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RedisPlace {
    Tcp { host: String, port: u16, tls: bool },
    Unix(PathBuf),
}

/// Why a URL is refused. Never quotes it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// No scheme, or one of something else.
    #[error("not a Redis URL")]
    Scheme,
    /// No host.
    #[error("not a host name or address before the port")]
    Host,
    /// 0, or no number.
    #[error("not a port")]
    Port,
    /// Something else after the host.
    #[error("the path of a Redis URL is a database number")]
    Db,
    /// `%` without two digits.
    #[error("not percent-encoded text")]
    Percent,
    /// After `?`.
    #[error("a parameter that means nothing here; a unix URL takes `db`")]
    Parameter,
}

/// What Redis URLs look like.
pub(super) const HELP: &str =
    "redis://host:6379/0, rediss://host:6380 or unix:///run/redis.sock?db=0";
/// Of a server.
pub(super) const PORT: u16 = 6379;
/// Of a sentinel.
pub(super) const SENTINEL_PORT: u16 = 26379;

/// Takes a URL apart.
pub(super) fn parse(text: &str) -> Result<RedisUrl, UrlError> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
    match scheme {
        "redis" => tcp(rest, false),
        "rediss" => tcp(rest, true),
        "unix" | "redis+unix" => unix(rest),
        _ => Err(UrlError::Scheme),
    }
}

fn tcp(rest: &str, tls: bool) -> Result<RedisUrl, UrlError> {
    if rest.contains(['?', '#']) {
        return Err(UrlError::Parameter);
    }
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let RedisNode { host, port } = node(authority, PORT)?;
    let (name, password) = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
        Some((name, password)) => (decoded(name)?, decoded(password)?),
        None => (String::new(), String::new()),
    };
    Ok(RedisUrl {
        place: RedisPlace::Tcp { host, port, tls },
        db: database(path)?,
        username: Some(name).filter(|name| !name.is_empty()),
        password: Some(password)
            .filter(|text| !text.is_empty())
            .map(Secret::new),
    })
}

/// A host and a port, or the host alone.
pub(super) fn node(text: &str, default_port: u16) -> Result<RedisNode, UrlError> {
    let bracket = text.rfind(']').unwrap_or(0);
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if host.len() > bracket || bracket == 0 => (host, Some(port)),
        _ => (text, None),
    };
    let host = address::host_name(host).ok_or(UrlError::Host)?;
    let port = match port {
        None => default_port,
        Some(digits) => address::port_number(digits)
            .filter(|port| *port > 0)
            .ok_or(UrlError::Port)?,
    };
    Ok(RedisNode { host, port })
}

fn unix(rest: &str) -> Result<RedisUrl, UrlError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !path.starts_with('/') {
        return Err(UrlError::Scheme);
    }
    let db = match query {
        "" => 0,
        query => database(query.strip_prefix("db=").ok_or(UrlError::Parameter)?)?,
    };
    Ok(RedisUrl {
        place: RedisPlace::Unix(decoded(path)?.into()),
        db,
        username: None,
        password: None,
    })
}

fn database(text: &str) -> Result<i64, UrlError> {
    if text.is_empty() {
        return Ok(0);
    }
    let number: u32 = text.parse().map_err(|_| UrlError::Db)?;
    Ok(number.into())
}

/// RFC 3986 §2.1.
fn decoded(text: &str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2).ok_or(UrlError::Percent)?;
        let value = digits.iter().try_fold(0, |value, digit| {
            Some(value * 16 + char::from(*digit).to_digit(16)?)
        });
        let value = value.and_then(|value| u8::try_from(value).ok());
        bytes.push(value.ok_or(UrlError::Percent)?);
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| UrlError::Percent)
}

#[cfg(test)]
mod tests {
    use super::{RedisPlace, RedisUrl, UrlError, parse};
    use crate::secret::Secret;

    fn tcp(host: &str, port: u16, tls: bool) -> RedisUrl {
        let host = host.to_owned();
        let place = RedisPlace::Tcp { host, port, tls };
        RedisUrl {
            place,
            db: 0,
            username: None,
            password: None,
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        let cases = [
            ("redis://h", tcp("h", 6379, false)),
            ("rediss://h:6380/", tcp("h", 6380, true)),
            ("redis://[::1]", tcp("::1", 6379, false)),
            (
                "redis://[::1]:7000/2",
                RedisUrl {
                    db: 2,
                    ..tcp("::1", 7000, false)
                },
            ),
            (
                "redis://:p%40ss@h",
                RedisUrl {
                    password: secret("p@ss"),
                    ..tcp("h", 6379, false)
                },
            ),
            (
                "redis://gate:a:b@h/1",
                RedisUrl {
                    db: 1,
                    username: Some("gate".into()),
                    password: secret("a:b"),
                    ..tcp("h", 6379, false)
                },
            ),
            (
                "unix:///run/r.sock?db=3",
                RedisUrl {
                    place: RedisPlace::Unix("/run/r.sock".into()),
                    db: 3,
                    ..tcp("", 0, false)
                },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let cases = [
            ("127.0.0.1:6379", UrlError::Scheme),
            ("http://h", UrlError::Scheme),
            ("redis://", UrlError::Host),
            ("redis://h:x", UrlError::Port),
            ("redis://h/x", UrlError::Db),
            ("redis://h?db=1", UrlError::Parameter),
            ("redis://:%zz@h", UrlError::Percent),
            ("redis://:%+f@h", UrlError::Percent),
            ("redis://h:+6379", UrlError::Port),
            ("unix://run/r.sock", UrlError::Scheme),
            ("unix:///r.sock?pass=x", UrlError::Parameter),
        ];
        for (text, fault) in cases {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }
}
