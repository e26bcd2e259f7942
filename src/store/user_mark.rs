//! `UserMark`: what is said of a user rather than of one session, whatever the number of sessions.

use super::broken_record::BrokenRecord;
use crate::clock::UnixMillis;
use crate::strict_json;
use serde_json::Value;

/// "Log out everywhere" and "disabled". The default says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserMark {
    /// Sessions and tokens that were made before are invalid.
    pub not_before: Option<UnixMillis>,
    /// Whether the user is disabled, whatever the records say.
    pub disabled: bool,
}

impl UserMark {
    /// Reads `{"not_before": ms, "disabled": bool}`; both may be left out, other members are ignored. Empty bytes are no
    /// mark at all.
    ///
    /// # Errors
    /// When it is not that: whether the user's sessions are revoked cannot be known.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BrokenRecord> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if bytes.len() > MAX_BYTES {
            return Err(broken("user", "the user's mark is larger than 1 KiB"));
        }
        let Ok(Value::Object(members)) = strict_json::parse(bytes) else {
            return Err(broken(
                "user",
                "the user's mark is not a strict JSON object",
            ));
        };
        let not_before = match members.get("not_before") {
            None | Some(Value::Null) => None,
            Some(value) => Some(UnixMillis(value.as_u64().ok_or_else(|| {
                broken(
                    "user.not_before",
                    "not a whole number of milliseconds since 1970",
                )
            })?)),
        };
        let disabled = match members.get("disabled") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(disabled)) => *disabled,
            Some(_) => return Err(broken("user.disabled", "not true or false")),
        };
        Ok(Self {
            not_before,
            disabled,
        })
    }

    /// Whether it ends what was made at that time; what does not say when it was made counts as made before.
    #[must_use]
    pub fn revokes(&self, made_at: Option<UnixMillis>) -> bool {
        self.not_before
            .is_some_and(|not_before| made_at.is_none_or(|made_at| made_at < not_before))
    }

    /// With a later "log out everywhere", if it is later.
    #[must_use]
    pub(super) fn logged_out(self, not_before: UnixMillis) -> Self {
        Self {
            not_before: self.not_before.max(Some(not_before)),
            ..self
        }
    }
}

fn broken(field: &'static str, fault: &'static str) -> BrokenRecord {
    BrokenRecord::new(field, fault)
}

/// Larger ones are broken (R15).
pub(super) const MAX_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, UserMark};
    use crate::clock::UnixMillis;

    #[test]
    fn a_mark_is_read_or_broken_by_its_field() {
        let mark = |not_before: Option<u64>, disabled| UserMark {
            not_before: not_before.map(UnixMillis),
            disabled,
        };
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_BYTES));
        let cases = [
            ("", Ok(mark(None, false))),
            ("{}", Ok(mark(None, false))),
            (
                r#"{"not_before":null,"disabled":null}"#,
                Ok(mark(None, false)),
            ),
            (r#"{"not_before":5,"more":[]}"#, Ok(mark(Some(5), false))),
            (r#"{"disabled":true}"#, Ok(mark(None, true))),
            (r#"{"not_before":-1}"#, Err("user.not_before")),
            (r#"{"not_before":1.5}"#, Err("user.not_before")),
            (r#"{"not_before":"5"}"#, Err("user.not_before")),
            (r#"{"disabled":1}"#, Err("user.disabled")),
            (r#"{"disabled":true,"disabled":false}"#, Err("user")),
            ("[]", Err("user")),
            ("nonsense", Err("user")),
            (&long, Err("user")),
        ];
        for (text, expected) in cases {
            let read = UserMark::decode(text.as_bytes());
            let read = read.as_ref().map_err(|fault| fault.field.as_ref());
            assert_eq!(read.copied(), expected, "{text}");
        }
    }

    #[test]
    fn what_was_made_before_is_revoked_and_what_says_nothing_too() {
        let mark = UserMark::default().logged_out(UnixMillis(100));
        assert_eq!(mark.logged_out(UnixMillis(50)), mark, "never earlier");
        let cases = [(Some(99), true), (Some(100), false), (None, true)];
        for (made_at, revoked) in cases {
            assert_eq!(
                mark.revokes(made_at.map(UnixMillis)),
                revoked,
                "{made_at:?}"
            );
            assert!(!UserMark::default().revokes(made_at.map(UnixMillis)));
        }
    }
}
