//! Sessions for tests: one with nothing but its user, one with everything, and any; and what is told of them.

use super::{Caller, HeaderPlan, Profile};
use crate::store::{AuthenticatedAs, Authenticator, Session};
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

/// Only what the native record requires.
pub(crate) fn bare() -> Session {
    Session {
        user_id: "u-17".to_owned(),
        roles: Vec::new(),
        default_role: None,
        verified: false,
        disabled: false,
        identity: None,
        authenticator: None,
        created_at: None,
        expires_at: None,
        idle_timeout: None,
        attrs: Map::new(),
    }
}

/// Every member of the native record.
pub(crate) fn full() -> Session {
    let attrs =
        json!({"email": "ann@example.com", "amr": ["pwd", "otp"], "can_reauthenticate": true});
    Session {
        roles: vec!["user".to_owned(), "admin".to_owned()],
        default_role: Some("admin".to_owned()),
        verified: true,
        identity: Some(AuthenticatedAs {
            id: "i-1".to_owned(),
            kind: Some("password".to_owned()),
            updated_at: Some(datetime!(2019-09-17 00:00 UTC)),
        }),
        authenticator: Some(Authenticator {
            id: "a-1".to_owned(),
            kind: Some("oob".to_owned()),
            channel: Some("sms".to_owned()),
            updated_at: Some(datetime!(2019-09-17 00:05:00.1239 UTC)),
        }),
        created_at: Some(datetime!(2019-09-16 23:00 UTC)),
        expires_at: Some(datetime!(2029-09-17 00:00 UTC)),
        attrs: attrs.as_object().expect("an object").clone(),
        ..bare()
    }
}

/// Sessions that no store should let through: any text, control characters included, anywhere.
pub(crate) fn any_session() -> impl Strategy<Value = Session> {
    let text = || prop_oneof![4 => "[a-z_]{1,9}", 1 => any::<String>()].boxed();
    let word = || {
        let known = prop::sample::select(vec!["password", "oob", "totp", "sms", "email"]);
        prop::option::of(prop_oneof![4 => known.prop_map(str::to_owned), 1 => text()])
    };
    let identity =
        (text(), word(), any_time()).prop_map(|(id, kind, updated_at)| AuthenticatedAs {
            id,
            kind,
            updated_at,
        });
    let authenticator =
        (text(), word(), word(), any_time()).prop_map(|(id, kind, channel, updated_at)| {
            Authenticator {
                id,
                kind,
                channel,
                updated_at,
            }
        });
    let attr = prop_oneof![
        text().prop_map(Value::String),
        prop::collection::vec(text(), 0..3).prop_map(|items| json!(items)),
        any::<i64>().prop_map(|number| json!(number)),
        Just(Value::Null),
    ];
    let attrs = prop::collection::btree_map("(email|amr|anonymous)", attr, 0..3);
    (
        (
            text(),
            prop::collection::vec(text(), 0..4),
            prop::option::of(text()),
        ),
        (any::<bool>(), any::<bool>()),
        prop::option::of(identity),
        prop::option::of(authenticator),
        any_time(),
        attrs,
    )
        .prop_map(
            |(
                (user_id, roles, default_role),
                (verified, disabled),
                identity,
                authenticator,
                created_at,
                attrs,
            )| Session {
                user_id,
                roles,
                default_role,
                verified,
                disabled,
                identity,
                authenticator,
                created_at,
                attrs: attrs.into_iter().collect(),
                ..bare()
            },
        )
}

fn any_time() -> impl Strategy<Value = Option<OffsetDateTime>> {
    prop::option::of(any::<i64>().prop_map(|seconds| {
        OffsetDateTime::from_unix_timestamp(seconds % 400_000_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }))
}

/// What an upstream would be told of a valid session; an error in the words of its message.
pub(crate) fn emitted(
    profiles: &[Profile],
    session: &Session,
) -> Result<Vec<(String, String)>, String> {
    let plan = HeaderPlan::new(profiles).expect("profiles that can stand together");
    let rendered = plan.render(session).map_err(|fault| fault.to_string())?;
    Ok(pairs(plan.headers(Caller::Valid {
        rendered: &rendered,
        requested_role: None,
    })))
}

/// Headers as text.
pub(crate) fn pairs<'a>(
    headers: impl Iterator<Item = (&'a HeaderName, HeaderValue)>,
) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    headers
        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
        .collect()
}
