//! `SessionReport`: what an operator is told of a session. Never its token or key, and of `attrs` the names alone.

use super::broken_record::BrokenRecord;
use super::session::StoredSession;
use super::timestamps::rfc3339;
use super::user_mark::UserMark;
use crate::clock::UnixMillis;
use crate::token::Sid;
use serde_json::{Value, json};
use std::time::Duration;

/// One session as its store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionReport {
    /// Its name.
    pub sid: Sid,
    /// The record, or why no node can use it.
    pub stored: Result<StoredSession, BrokenRecord>,
    /// What is said of its user.
    pub mark: UserMark,
}

impl SessionReport {
    /// Whether it was ended before its time, by its own name or together with all of its user.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.stored
            .as_ref()
            .is_ok_and(|stored| stored.is_revoked || self.mark.revokes(stored.created_at()))
    }

    /// As the admin listener says it. `idle_timeout` counts for records that name none.
    #[must_use]
    pub fn to_json(&self, idle_timeout: Option<Duration>) -> Value {
        let sid = self.sid.to_string();
        let stored = match &self.stored {
            Ok(stored) => stored,
            Err(BrokenRecord { field, fault }) => {
                return json!({"sid": sid, "broken": {"field": field, "fault": fault}});
            }
        };
        let session = &stored.session;
        let time = |at: Option<UnixMillis>| at.and_then(rfc3339);
        let idle_timeout = session.idle_timeout.or(idle_timeout);
        json!({
            "sid": sid,
            "user_id": session.user_id,
            "roles": session.roles,
            "default_role": session.default_role,
            "verified": session.verified,
            "disabled": session.disabled || self.mark.disabled,
            "created_at": time(stored.created_at()),
            "expires_at": time(stored.expires_at()),
            "last_seen": time(stored.last_seen),
            "idle_timeout_seconds": idle_timeout.map(|span| span.as_secs_f64()),
            "revoked": self.is_revoked(),
            "attrs": session.attrs.keys().collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SessionReport;
    use crate::clock::UnixMillis;
    use crate::store::native::decode_native;
    use crate::store::session::StoredSession;
    use crate::store::user_mark::UserMark;
    use crate::token::TokenDigest;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn a_report_names_attributes_and_never_tells_them() {
        let record =
            br#"{"v":1,"user_id":"u-1","roles":["user"],"created_at":"1970-01-01T00:00:01Z",
            "attrs":{"email":"jane@example.com"}}"#;
        let session = decode_native(record).expect("a good record");
        let mut report = SessionReport {
            sid: TokenDigest::of("t").sid(),
            stored: Ok(StoredSession::new(session, Some(UnixMillis(2_000)))),
            mark: UserMark::default(),
        };
        let json = report.to_json(Some(Duration::from_secs(60)));
        let expected = json!({"sid": "e3b98a4da31a127d", "user_id": "u-1", "roles": ["user"], "default_role": null,
            "verified": false, "disabled": false, "created_at": "1970-01-01T00:00:01.000Z",
            "expires_at": "1970-01-01T00:00:02.000Z", "last_seen": null, "idle_timeout_seconds": 60.0,
            "revoked": false, "attrs": ["email"]});
        assert_eq!(json, expected);
        report.mark = UserMark {
            not_before: Some(UnixMillis(1_001)),
            disabled: true,
        };
        let json = report.to_json(None);
        assert_eq!(
            (&json["revoked"], &json["disabled"]),
            (&json!(true), &json!(true))
        );
    }
}
