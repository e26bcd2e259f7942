//! `Revocation`: what ends before its time, and how it is written in a message on `sessiongate:events`.

use super::text_rule::TextRule;
use crate::clock::UnixMillis;
use crate::strict_json;
use crate::token::Sid;
use serde_json::{Map, Value, json};
use thiserror::Error;

/// One session, all sessions of a user, or one signed token (design section 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The session of this name.
    Session(Sid),
    /// All of a user that was made before; `None`: before the message is heard.
    User {
        /// 1 to 256 bytes of visible ASCII.
        id: String,
        /// The moment.
        not_before: Option<UnixMillis>,
    },
    /// One signed token.
    Token {
        /// Its `jti`: 1 to 256 bytes of visible ASCII.
        id: String,
        /// When it ends by itself, and need not be known as revoked any more; `None` if whoever revokes it does not know.
        until: Option<UnixMillis>,
    },
}

/// Why a message is no revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a revocation: {0}")]
pub struct NotARevocation(&'static str);

impl Revocation {
    /// Reads `{"revoke": {"session": …}}`, `{"revoke": {"user": …, "not_before": ms}}` or `{"revoke": {"jti": …, "until": ms}}`. A
    /// session is named by its `sid`, or by the whole SHA-256 of its token in hex. Other members beside `revoke` are ignored.
    ///
    /// # Errors
    /// When it is anything else. The text quotes nothing of the message.
    pub fn parse(message: &[u8]) -> Result<Self, NotARevocation> {
        if message.len() > MAX_BYTES {
            return Err(NotARevocation("longer than 4 KiB"));
        }
        let Ok(Value::Object(mut message)) = strict_json::parse(message) else {
            return Err(NotARevocation("not a strict JSON object"));
        };
        let Some(Value::Object(what)) = message.remove("revoke") else {
            return Err(NotARevocation("no object `revoke` in it"));
        };
        Self::of(&what)
    }

    fn of(what: &Map<String, Value>) -> Result<Self, NotARevocation> {
        let text = |name| {
            what.get(name)
                .map(|value| value.as_str().unwrap_or_default())
        };
        match (text("session"), text("user"), text("jti")) {
            (Some(name), None, None) => {
                let sid = (name.len() == DIGEST_DIGITS).then(|| name.get(..SID_DIGITS));
                Sid::from_hex(sid.flatten().unwrap_or(name))
                    .map(Self::Session)
                    .ok_or(NotARevocation(
                        "a session is named by 16 or 64 lower-case hex digits",
                    ))
            }
            (None, Some(id), None) if TextRule::Id.holds(id) => Ok(Self::User {
                id: id.to_owned(),
                not_before: match what.get("not_before") {
                    None | Some(Value::Null) => None,
                    Some(value) => Some(moment(value).ok_or(NotARevocation(
                        "`not_before` is a whole number of milliseconds since 1970, of 14 digits at most",
                    ))?),
                },
            }),
            (None, None, Some(id)) if TextRule::Id.holds(id) => Ok(Self::Token {
                id: id.to_owned(),
                until: match what.get("until") {
                    None | Some(Value::Null) => None,
                    Some(value) if *value == json!(NEVER) => Some(UnixMillis::MAX),
                    Some(value) => Some(moment(value).ok_or(NotARevocation(
                        "`until` is `never`, or a whole number of milliseconds since 1970, of 14 digits at most",
                    ))?),
                },
            }),
            _ => Err(NotARevocation(
                "`revoke` takes one of `session`, `user` and `jti`, a text",
            )),
        }
    }

    /// The same with a moment for all of a user, if none was named.
    #[must_use]
    pub(super) fn by(self, now: UnixMillis) -> Self {
        match self {
            Self::User { id, not_before } => Self::User {
                id,
                not_before: not_before.or(Some(now)),
            },
            other => other,
        }
    }

    /// The message that [`Self::parse`] reads.
    #[must_use]
    pub fn to_message(&self) -> String {
        let what = match self {
            Self::Session(sid) => json!({"session": sid.to_string()}),
            Self::User {
                id,
                not_before: None,
            } => json!({"user": id}),
            Self::User {
                id,
                not_before: Some(at),
            } => json!({"user": id, "not_before": at.0}),
            Self::Token { id, until: None } => json!({"jti": id}),
            Self::Token {
                id,
                until: Some(UnixMillis::MAX),
            } => json!({"jti": id, "until": NEVER}),
            Self::Token {
                id,
                until: Some(at),
            } => json!({"jti": id, "until": at.0}),
        };
        json!({ "revoke": what }).to_string()
    }

    /// The metric label.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::User { .. } => "user",
            Self::Token { .. } => "jti",
        }
    }
}

/// Redis' JSON writes larger numbers with an exponent, which is no whole number to whoever reads the mark. A moment in
/// micro- or nanoseconds is none of ours.
fn moment(value: &Value) -> Option<UnixMillis> {
    let at = value.as_u64().filter(|at| *at < 100_000_000_000_000)?;
    Some(UnixMillis(at))
}

const MAX_BYTES: usize = 4096;
/// Of a signed token without an end.
const NEVER: &str = "never";
const SID_DIGITS: usize = 16;
const DIGEST_DIGITS: usize = 64;

#[cfg(test)]
mod tests {
    use super::Revocation;
    use crate::clock::UnixMillis;
    use crate::token::TokenDigest;
    use proptest::prelude::*;

    #[test]
    fn a_message_names_one_thing() {
        let digest = TokenDigest::of("token");
        let session = Revocation::Session(digest.sid());
        let token = |id: &str, until| Revocation::Token {
            id: id.to_owned(),
            until,
        };
        let user = |not_before: Option<u64>| Revocation::User {
            id: "u-17".to_owned(),
            not_before: not_before.map(UnixMillis),
        };
        let cases = [
            (
                format!(r#"{{"revoke":{{"session":"{}"}}}}"#, digest.sid()),
                session.clone(),
            ),
            (
                format!(r#"{{"revoke":{{"session":"{}"}}}}"#, digest.to_hex()),
                session.clone(),
            ),
            (
                r#"{"revoke":{"user":"u-17"},"reason":"password"}"#.to_owned(),
                user(None),
            ),
            (
                r#"{"revoke":{"user":"u-17","not_before":5}}"#.to_owned(),
                user(Some(5)),
            ),
            (r#"{"revoke":{"jti":"t-1"}}"#.to_owned(), token("t-1", None)),
            (
                r#"{"revoke":{"jti":"t-1","until":7}}"#.to_owned(),
                token("t-1", Some(UnixMillis(7))),
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(
                Revocation::parse(message.as_bytes()),
                Ok(expected),
                "{message}"
            );
        }
        for one in [
            session,
            user(None),
            user(Some(5)),
            token("t", None),
            token("t", Some(UnixMillis(7))),
            token("t", Some(UnixMillis::MAX)),
        ] {
            assert_eq!(Revocation::parse(one.to_message().as_bytes()), Ok(one));
        }
    }

    #[test]
    fn any_other_message_is_refused() {
        let long = format!(r#"{{"revoke":{{"user":"u"}},"x":"{}"}}"#, "x".repeat(5000));
        for message in [
            "",
            "null",
            "[]",
            "revoke",
            "{}",
            r#"{"revoke":"u"}"#,
            r#"{"revoke":{}}"#,
            r#"{"revoke":{"user":"u","jti":"t"}}"#,
            r#"{"revoke":{"user":17}}"#,
            r#"{"revoke":{"user":""}}"#,
            r#"{"revoke":{"user":"a b"}}"#,
            r#"{"revoke":{"session":"A94A8FE5CCB19BA6"}}"#,
            r#"{"revoke":{"session":"token"}}"#,
            r#"{"revoke":{"user":"u","not_before":"x"}}"#,
            r#"{"revoke":{"user":"u","not_before":1767225600000000}}"#,
            r#"{"revoke":{"user":"u"},"revoke":{"user":"v"}}"#,
            r#"{"revoke":{"jti":"t","until":"soon"}}"#,
            r#"{"revoke":{"jti":"t","until":-1}}"#,
            &long,
        ] {
            assert!(Revocation::parse(message.as_bytes()).is_err(), "{message}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Revocation::parse(&bytes);
        }
    }
}
