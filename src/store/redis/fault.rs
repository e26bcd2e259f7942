//! What a Redis error means to us.
//!
//! A server's own words are never passed on: `unknown command … with args beginning with:` quotes session keys and
//! even the password of `HELLO 3 AUTH` (design rule R13). The error code is enough, the remedy is ours.

use crate::store::contract::{StoreError, StoreFault};
use redis::{ErrorKind, RedisError};
use std::borrow::Cow;

/// Sorts an error of the connection, of its set-up, or of a command.
pub(super) fn store_error(error: &RedisError) -> StoreError {
    if error.is_timeout() {
        return fault(StoreFault::Timeout, "no answer in time");
    }
    if let Some(code) = error.code() {
        return refusal(code);
    }
    match error.kind() {
        // Both hold what the system or the TLS library said, never anything sent.
        ErrorKind::Io | ErrorKind::Client => fault(StoreFault::Io, error.to_string()),
        ErrorKind::AuthenticationFailed => refusal("WRONGPASS"),
        ErrorKind::RESP3NotSupported => fault(
            StoreFault::Unavailable,
            "the server does not speak RESP3; Redis 6 or later is needed",
        ),
        _ => fault(StoreFault::Unavailable, "not a reply that Redis would give"),
    }
}

/// Sorts an error reply by its code, the first word of it.
pub(super) fn refusal(code: &str) -> StoreError {
    let (kind, remedy) = match code {
        "NOAUTH" => (
            StoreFault::Auth,
            "the server wants a password: set username and password of this store",
        ),
        "WRONGPASS" => (
            StoreFault::Auth,
            "the server refuses the username or password of this store",
        ),
        "NOPERM" => (
            StoreFault::Auth,
            "the ACL of this user does not allow the command or the key",
        ),
        "LOADING" => (
            StoreFault::Unavailable,
            "the server is still loading its data",
        ),
        "MASTERDOWN" => (
            StoreFault::Unavailable,
            "a replica that has lost its master",
        ),
        "READONLY" => (StoreFault::Unavailable, "a read-only replica"),
        "OOM" => (StoreFault::Unavailable, "the server is out of memory"),
        "BUSY" => (StoreFault::Unavailable, "the server is busy with a script"),
        "CLUSTERDOWN" | "TRYAGAIN" | "MOVED" | "ASK" => (
            StoreFault::Unavailable,
            "a node of a Redis Cluster, which does not hold this key just now",
        ),
        _ => (
            StoreFault::Unavailable,
            "the server refused; HELLO, SELECT, PING, GETRANGE and PTTL must be allowed and the db must exist",
        ),
    };
    fault(kind, format!("{code}: {remedy}"))
}

/// The code of a refusal that lasts: this server does not do what was asked of it.
///
/// # Errors
/// When there was no reply, or a refusal of the moment: asked again, the server may do what it has refused now.
pub(super) fn lasting_refusal(error: &RedisError) -> Result<&str, StoreError> {
    let passes = |code: &&str| {
        matches!(
            *code,
            "LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "OOM"
        )
    };
    let lasting = error.code().filter(|code| !passes(code));
    lasting.ok_or_else(|| store_error(error))
}

/// A fault that we put into words ourselves.
pub(super) fn fault(kind: StoreFault, detail: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError {
        kind,
        detail: detail.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::store_error;
    use crate::store::contract::StoreFault;
    use redis::{ErrorKind, RedisError, parse_redis_value};
    use std::io;

    #[test]
    fn every_error_has_its_kind() {
        let cases = [
            (
                "refused",
                io::ErrorKind::ConnectionRefused.into(),
                StoreFault::Io,
            ),
            ("cut", io::ErrorKind::BrokenPipe.into(), StoreFault::Io),
            (
                "elapsed",
                io::ErrorKind::TimedOut.into(),
                StoreFault::Timeout,
            ),
        ];
        for (name, error, kind) in cases {
            let error: io::Error = error;
            assert_eq!(store_error(&error.into()).kind, kind, "{name}");
        }
        let codes = [
            ("NOAUTH", StoreFault::Auth),
            ("WRONGPASS", StoreFault::Auth),
            ("NOPERM", StoreFault::Auth),
            ("LOADING", StoreFault::Unavailable),
            ("READONLY", StoreFault::Unavailable),
            ("MASTERDOWN", StoreFault::Unavailable),
            ("OOM", StoreFault::Unavailable),
            ("CLUSTERDOWN", StoreFault::Unavailable),
            ("BUSY", StoreFault::Unavailable),
            ("TRYAGAIN", StoreFault::Unavailable),
            ("ERR", StoreFault::Unavailable),
            ("NEWCODE", StoreFault::Unavailable),
        ];
        for (code, kind) in codes {
            let error = store_error(&server_says(&format!("-{code} words\r\n")));
            assert_eq!(error.kind, kind, "{code}");
            assert!(error.detail.starts_with(code), "{code}: {}", error.detail);
        }
        let garbage = RedisError::from((ErrorKind::Parse, "parse error"));
        assert_eq!(store_error(&garbage).kind, StoreFault::Unavailable);
    }

    #[test]
    fn the_servers_words_are_not_repeated() {
        let cases = [
            "-ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `u` `hunter2`\r\n",
            "-NOPERM no access to key hunter2\r\n",
            "-WRONGPASS hunter2\r\n",
            "-NEWCODE hunter2\r\n",
        ];
        for said in cases {
            let error = store_error(&server_says(said)).to_string();
            assert!(!error.contains("hunter2"), "{said} became {error}");
        }
    }

    fn server_says(reply: &str) -> RedisError {
        parse_redis_value(reply.as_bytes())
            .and_then(redis::Value::extract_error)
            .expect_err("an error reply")
    }
}
