//! The decision, case by case.

use super::{InvalidReason, OnDisabled, OnInvalid, Pass, Policy, Refusal, Require, Standing};
use crate::clock::UnixMillis;
use crate::headers::{AnonymousRole, sample};
use crate::identity::Identity;
use crate::store::{Session, StoredSession};
use proptest::prelude::*;

/// The skygear defaults, and everybody may pass.
const OPEN: Policy = Policy {
    require: Require {
        session: false,
        roles: Vec::new(),
        verified: false,
    },
    invalid: OnInvalid::Anonymous,
    disabled: OnDisabled::Forward,
    anonymous_role: None,
};

const UNKNOWN: Standing<'static> = Standing::Invalid(InvalidReason::Unknown);

fn requiring(roles: &[&str], verified: bool) -> Policy {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let require = Require {
        session: true,
        roles,
        verified,
    };
    Policy { require, ..OPEN }
}

fn hasura(anonymous_role: AnonymousRole) -> Policy {
    Policy {
        invalid: OnInvalid::Reject,
        disabled: OnDisabled::Reject,
        anonymous_role: Some(anonymous_role),
        ..OPEN
    }
}

fn user(roles: &[&str], verified: bool, disabled: bool) -> Identity {
    let session = Session {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        verified,
        disabled,
        ..sample::bare()
    };
    Identity::derive(&StoredSession::new(session, None), &[], UnixMillis(0))
}

#[test]
fn a_session_is_asked_for_only_where_the_route_says_so() {
    let rejecting = Policy {
        invalid: OnInvalid::Reject,
        ..OPEN
    };
    // By hand, without `session: true`: stricter settings imply it.
    let roles_only = Policy {
        require: Require {
            roles: vec!["admin".to_owned()],
            ..Require::default()
        },
        ..OPEN
    };
    let cases = [
        ("open", &OPEN, Standing::Absent, Ok(Pass::AsAbsent)),
        ("open", &OPEN, UNKNOWN, Ok(Pass::AsInvalid)),
        (
            "rejecting",
            &rejecting,
            Standing::Absent,
            Ok(Pass::AsAbsent),
        ),
        (
            "rejecting",
            &rejecting,
            UNKNOWN,
            Err(Refusal::InvalidSession),
        ),
        (
            "session",
            &requiring(&[], false),
            Standing::Absent,
            Err(Refusal::NoSession),
        ),
        (
            "session",
            &requiring(&[], false),
            UNKNOWN,
            Err(Refusal::InvalidSession),
        ),
        (
            "roles",
            &roles_only,
            Standing::Absent,
            Err(Refusal::NoSession),
        ),
        ("roles", &roles_only, UNKNOWN, Err(Refusal::InvalidSession)),
    ];
    for (name, policy, standing, expected) in cases {
        let verdict = policy.judge(standing, None, false);
        assert_eq!(verdict, expected, "{name}: {standing:?}");
    }
}

#[test]
fn a_preflight_without_a_credential_passes_as_anonymous() {
    let policy = requiring(&["admin"], true);
    assert_eq!(
        policy.judge(Standing::Absent, None, true),
        Ok(Pass::AsAbsent)
    );
    assert_eq!(
        policy.judge(UNKNOWN, None, true),
        Err(Refusal::InvalidSession)
    );
    let plain = user(&["user"], true, false);
    let verdict = policy.judge(Standing::Valid(&plain), None, true);
    assert_eq!(
        verdict,
        Err(Refusal::RoleRequired),
        "with a credential it is judged like any request"
    );
}

#[test]
fn users_are_measured_against_what_the_route_requires() {
    let plain = user(&["user", "editor"], true, false);
    let unverified = user(&["editor"], false, false);
    let without_roles = user(&[], true, false);
    let cases = [
        ("anybody", OPEN, &unverified, Ok(Pass::AsValid)),
        (
            "any of",
            requiring(&["admin", "editor"], false),
            &plain,
            Ok(Pass::AsValid),
        ),
        (
            "none of",
            requiring(&["admin"], false),
            &plain,
            Err(Refusal::RoleRequired),
        ),
        (
            "case",
            requiring(&["Editor"], false),
            &plain,
            Err(Refusal::RoleRequired),
        ),
        ("verified", requiring(&[], true), &plain, Ok(Pass::AsValid)),
        (
            "unverified",
            requiring(&[], true),
            &unverified,
            Err(Refusal::Unverified),
        ),
        (
            "no roles",
            requiring(&["user"], false),
            &without_roles,
            Err(Refusal::RoleRequired),
        ),
    ];
    for (name, policy, identity, expected) in cases {
        let verdict = policy.judge(Standing::Valid(identity), None, false);
        assert_eq!(verdict, expected, "{name}");
    }
}

#[test]
fn a_disabled_user_is_told_refused_or_no_user_at_all() {
    let disabled = user(&["user"], true, true);
    let cases = [
        (OnDisabled::Forward, OnInvalid::Reject, Ok(Pass::AsValid)),
        (
            OnDisabled::Reject,
            OnInvalid::Anonymous,
            Err(Refusal::Disabled),
        ),
        (
            OnDisabled::Invalid,
            OnInvalid::Anonymous,
            Ok(Pass::AsInvalid),
        ),
        (
            OnDisabled::Invalid,
            OnInvalid::Reject,
            Err(Refusal::InvalidSession),
        ),
    ];
    for (on_disabled, on_invalid, expected) in cases {
        let policy = Policy {
            disabled: on_disabled,
            invalid: on_invalid,
            ..OPEN
        };
        let verdict = policy.judge(Standing::Valid(&disabled), None, false);
        assert_eq!(verdict, expected, "{on_disabled:?} {on_invalid:?}");
    }
}

#[test]
fn a_requested_role_must_be_owned() {
    let editor = user(&["user", "editor"], true, false);
    let without_roles = user(&[], true, false);
    let not_owned = Err(Refusal::RoleNotOwned);
    let cases = [
        (&editor, "editor", Ok(Pass::AsValid)),
        (&editor, "admin", not_owned),
        (&editor, "Editor", not_owned),
        (&editor, "user,editor", not_owned),
        (&editor, "", not_owned),
        (&editor, "anonymous", not_owned),
        (&without_roles, "user", Ok(Pass::AsValid)),
        (&without_roles, "admin", not_owned),
    ];
    for (identity, role, expected) in cases {
        let requested = Some(role.as_bytes());
        let standing = Standing::Valid(identity);
        let verdict = hasura(AnonymousRole::Overwrite).judge(standing, requested, false);
        let roles: Vec<_> = identity.roles().collect();
        assert_eq!(verdict, expected, "{role:?} of {roles:?}");
        let elsewhere = OPEN.judge(standing, requested, false);
        assert_eq!(
            elsewhere,
            Ok(Pass::AsValid),
            "only hasura routes read {role:?}"
        );
    }
}

#[test]
fn a_role_requested_without_a_session_is_overwritten_or_refused() {
    let refused = Err(Refusal::AnonymousRole);
    let cases = [
        (AnonymousRole::Overwrite, None, false),
        (AnonymousRole::Overwrite, Some("admin"), false),
        (AnonymousRole::Reject, None, false),
        (AnonymousRole::Reject, Some("anonymous"), false),
        (AnonymousRole::Reject, Some("Anonymous"), true),
        (AnonymousRole::Reject, Some("admin"), true),
    ];
    for (rule, role, is_refused) in cases {
        let policy = Policy {
            invalid: OnInvalid::Anonymous,
            ..hasura(rule)
        };
        for (standing, pass) in [
            (Standing::Absent, Pass::AsAbsent),
            (UNKNOWN, Pass::AsInvalid),
        ] {
            let verdict = policy.judge(standing, role.map(str::as_bytes), false);
            let expected = if is_refused { refused } else { Ok(pass) };
            assert_eq!(verdict, expected, "{rule:?} {role:?} {standing:?}");
        }
    }
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let roles = prop::collection::vec("(user|admin|editor)", 0..3);
    let invalid = prop::sample::select(vec![OnInvalid::Anonymous, OnInvalid::Reject]);
    let disabled = vec![OnDisabled::Forward, OnDisabled::Invalid, OnDisabled::Reject];
    let anonymous = vec![
        None,
        Some(AnonymousRole::Overwrite),
        Some(AnonymousRole::Reject),
    ];
    (
        (any::<bool>(), roles, any::<bool>()),
        invalid,
        prop::sample::select(disabled),
        prop::sample::select(anonymous),
    )
        .prop_map(
            |((session, roles, verified), invalid, disabled, anonymous_role)| Policy {
                require: Require {
                    session,
                    roles,
                    verified,
                },
                invalid,
                disabled,
                anonymous_role,
            },
        )
}

proptest! {
    #[test]
    fn nobody_gains_an_identity_by_the_decision(
        policy in any_policy(),
        session in sample::any_session(),
        kind in 0..3,
        role in prop::option::of("(user|admin|anonymous|)"),
        preflight: bool,
    ) {
        let identity = Identity::derive(&StoredSession::new(session, None), &[], UnixMillis(0));
        let standing = match kind {
            0 => Standing::Absent,
            1 => UNKNOWN,
            _ => Standing::Valid(&identity),
        };
        let verdict = policy.judge(standing, role.as_deref().map(str::as_bytes), preflight);
        match (standing, verdict) {
            (_, Err(refusal)) => prop_assert!(refusal.status().is_client_error()),
            (Standing::Absent, Ok(pass)) => prop_assert_eq!(pass, Pass::AsAbsent),
            (Standing::Invalid(_), Ok(pass)) => {
                prop_assert_eq!(pass, Pass::AsInvalid);
                prop_assert_eq!(policy.invalid, OnInvalid::Anonymous);
            }
            (Standing::Valid(identity), Ok(Pass::AsValid)) => {
                prop_assert!(!policy.require.verified || identity.verified);
                prop_assert!(!identity.disabled || policy.disabled == OnDisabled::Forward);
            }
            (Standing::Valid(identity), Ok(pass)) => {
                prop_assert_eq!(pass, Pass::AsInvalid);
                prop_assert!(identity.disabled && policy.disabled == OnDisabled::Invalid);
            }
        }
    }
}
