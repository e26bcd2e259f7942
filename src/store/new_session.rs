//! `NewSession`: a record that is about to be written, with its token.

use super::broken_record::BrokenRecord;
use super::native::decode_native;
use super::session::{Session, StoredSession};
use super::session_report::SessionReport;
use super::timestamps::rfc3339;
use super::user_mark::UserMark;
use crate::clock::UnixMillis;
use crate::token::{Credential, Sid};
use serde_json::{Map, Value};
use std::time::Duration;

/// A native record that every node will be able to read.
pub struct NewSession {
    pub(super) credential: Credential,
    pub(super) record: Vec<u8>,
    pub(super) session: Session,
    pub(super) ttl: Option<Duration>,
}

impl NewSession {
    /// Makes the record of the given members, beginning `now` and ending after `ttl`; `v`, `created_at` and `expires_at`
    /// are ours.
    ///
    /// # Errors
    /// When a node would answer such a session with 502, or its end cannot be written.
    pub fn new(
        credential: Credential,
        mut members: Map<String, Value>,
        ttl: Option<Duration>,
        now: UnixMillis,
    ) -> Result<Self, BrokenRecord> {
        let late = || BrokenRecord::new("ttl", "the session would end after the year 9999");
        let time = |at| rfc3339(at).map(Value::String).ok_or_else(late);
        members.insert("v".to_owned(), Value::from(1));
        members.insert("created_at".to_owned(), time(now)?);
        if let Some(ttl) = ttl {
            members.insert("expires_at".to_owned(), time(now.after(ttl))?);
        }
        let record = Value::Object(members).to_string().into_bytes();
        Ok(Self {
            session: decode_native(&record)?,
            credential,
            record,
            ttl,
        })
    }

    /// Names the session.
    #[must_use]
    pub fn sid(&self) -> Sid {
        self.credential.digest().sid()
    }

    /// Whose it is.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.session.user_id
    }

    /// What it will be known as, once it is written.
    #[must_use]
    pub fn report(&self, now: UnixMillis) -> SessionReport {
        let end = self.store_expires_at(now);
        SessionReport {
            sid: self.sid(),
            stored: Ok(StoredSession::new(self.session.clone(), end)),
            mark: UserMark::default(),
        }
    }

    /// When the store ends it.
    pub(super) fn store_expires_at(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.ttl.map(|ttl| now.after(ttl))
    }
}

#[cfg(test)]
mod tests {
    use super::NewSession;
    use crate::clock::UnixMillis;
    use crate::token::Credential;
    use serde_json::{Value, json};
    use std::time::Duration;

    #[test]
    fn a_record_says_when_it_began_and_when_it_ends() {
        let new = make(
            json!({"user_id": "u-1", "roles": ["user"], "v": 7, "created_at": "2000-01-01T00:00:00Z"}),
            Some(Duration::from_millis(1_500)),
        );
        let new = new.expect("a good record");
        let record: Value = serde_json::from_slice(&new.record).expect("JSON");
        let expected = json!({"v": 1, "user_id": "u-1", "roles": ["user"],
            "created_at": "1970-01-01T00:00:00.250Z", "expires_at": "1970-01-01T00:00:01.750Z"});
        assert_eq!(record, expected);
        assert_eq!(new.session.user_id, "u-1");
    }

    #[test]
    fn what_no_node_could_use_is_refused() {
        let cases = [
            (json!({}), None, "user_id"),
            (json!({"user_id": "a b"}), None, "user_id"),
            (
                json!({"user_id": "u", "default_role": "x"}),
                None,
                "default_role",
            ),
            (
                json!({"user_id": "u", "idle_timeout": "soon"}),
                None,
                "idle_timeout",
            ),
            (
                json!({"user_id": "u", "attrs": {"x": "x".repeat(20_000)}}),
                None,
                "record",
            ),
            (json!({"user_id": "u"}), Some(Duration::MAX), "ttl"),
        ];
        for (members, ttl, field) in cases {
            let fault = make(members, ttl).err().map(|fault| fault.field);
            assert_eq!(fault.as_deref(), Some(field));
        }
    }

    fn make(
        members: Value,
        ttl: Option<Duration>,
    ) -> Result<NewSession, crate::store::BrokenRecord> {
        let Value::Object(members) = members else {
            panic!("an object");
        };
        NewSession::new(Credential::new("t"), members, ttl, UnixMillis(250))
    }
}
