//! The `authgear` profile: the eight headers of Authgear's resolve endpoint, read from the native record.

use super::attribute::write_joined;
use super::field::Field;
use super::line::Line;
use crate::store::Session;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

/// Only `session-valid` speaks of a caller without a valid session: `false` for an invalid one.
pub(super) fn lines() -> Vec<Line> {
    vec![
        Line {
            invalid: Some(HeaderValue::from_static("false")),
            ..flag("x-authgear-session-valid", |_| true)
        },
        Line::field("x-authgear-user-id", Field::UserId),
        flag("x-authgear-user-anonymous", is_anonymous),
        Line::field("x-authgear-user-verified", Field::UserVerified),
        flag("x-authgear-user-can-reauthenticate", |session| {
            is_set(session, "can_reauthenticate")
        }),
        Line::field("x-authgear-user-roles", Field::Roles),
        Line::new(
            HeaderName::from_static("x-authgear-session-amr"),
            |session, out| {
                // Authgear sends the header even when it has no methods to name.
                if let Some(methods) = session.attrs.get("amr") {
                    write_joined(methods, " ", out);
                }
                Ok(true)
            },
        ),
        Line::new(
            HeaderName::from_static("x-authgear-session-authenticated-at"),
            |session, out| {
                let identity = session.identity.as_ref();
                let at = identity
                    .and_then(|identity| identity.updated_at)
                    .or(session.created_at);
                if let Some(at) = at {
                    out.push_str(&at.unix_timestamp().to_string());
                }
                Ok(at.is_some())
            },
        ),
    ]
}

fn flag(name: &'static str, is_true: impl Fn(&Session) -> bool + Send + Sync + 'static) -> Line {
    Line::new(HeaderName::from_static(name), move |session, out| {
        out.push_str(if is_true(session) { "true" } else { "false" });
        Ok(true)
    })
}

fn is_anonymous(session: &Session) -> bool {
    let identity = session.identity.as_ref();
    identity.is_some_and(|it| it.kind.as_deref() == Some("anonymous"))
        || is_set(session, "anonymous")
}

fn is_set(session: &Session, attr: &str) -> bool {
    session.attrs.get(attr) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use crate::headers::{Caller, HeaderPlan, Profile, sample};
    use crate::store::Session;
    use serde_json::{Value, json};
    use time::macros::datetime;

    fn told(session: &Session) -> Vec<(String, String)> {
        let told = sample::emitted(&[Profile::Authgear], session).expect("no fault");
        told.into_iter()
            .map(|(name, value)| (name.replacen("x-authgear-", "", 1), value))
            .collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_full_session_is_told_in_eight_headers() {
        let expected = owned(&[
            ("session-valid", "true"),
            ("user-id", "u-17"),
            ("user-anonymous", "false"),
            ("user-verified", "true"),
            ("user-can-reauthenticate", "true"),
            ("user-roles", "user,admin"),
            ("session-amr", "pwd otp"),
            ("session-authenticated-at", "1568678400"),
        ]);
        assert_eq!(told(&sample::full()), expected);
    }

    #[test]
    fn a_bare_session_has_no_roles_and_no_time_but_an_empty_amr() {
        let expected = owned(&[
            ("session-valid", "true"),
            ("user-id", "u-17"),
            ("user-anonymous", "false"),
            ("user-verified", "false"),
            ("user-can-reauthenticate", "false"),
            ("session-amr", ""),
        ]);
        assert_eq!(told(&sample::bare()), expected);
    }

    #[test]
    fn details_come_from_the_record() {
        let with = |attr: &str, value: Value| {
            let mut session = sample::bare();
            session.attrs.insert(attr.to_owned(), value);
            session
        };
        let mut anonymous = sample::full();
        anonymous.identity.as_mut().expect("an identity").kind = Some("anonymous".to_owned());
        let created = Session {
            created_at: Some(datetime!(2019-09-17 00:00:00.9 UTC)),
            ..sample::bare()
        };
        let cases = [
            (anonymous, "user-anonymous", "true"),
            (with("anonymous", json!(true)), "user-anonymous", "true"),
            (with("anonymous", json!("true")), "user-anonymous", "false"),
            (
                with("can_reauthenticate", json!(true)),
                "user-can-reauthenticate",
                "true",
            ),
            (
                with("can_reauthenticate", json!(1)),
                "user-can-reauthenticate",
                "false",
            ),
            (with("amr", json!("pwd")), "session-amr", "pwd"),
            (with("amr", json!([])), "session-amr", ""),
            (with("amr", json!({"pwd": true})), "session-amr", ""),
            (created, "session-authenticated-at", "1568678400"),
        ];
        for (session, name, expected) in cases {
            let pair = owned(&[(name, expected)]);
            assert!(
                told(&session).contains(&pair[0]),
                "{pair:?} of {:?}",
                session.attrs
            );
        }
    }

    #[test]
    fn an_invalid_session_is_said_to_be_so_and_an_absent_one_is_not_mentioned() {
        let plan = HeaderPlan::new(&[Profile::Authgear]).expect("a plan");
        assert_eq!(plan.headers(Caller::Absent).count(), 0);
        let invalid = sample::pairs(plan.headers(Caller::Invalid));
        assert_eq!(invalid, owned(&[("x-authgear-session-valid", "false")]));
    }
}
