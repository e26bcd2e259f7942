//! The `hasura` profile: seed 003, as design section 4 has it.

use super::field::Field;
use super::line::Line;
use super::profile::HasuraProfile;
use crate::store::{BrokenRecord, Session};
use http::{HeaderName, HeaderValue};

/// The role of who has no session (seed 003).
pub(crate) const ANONYMOUS_ROLE: &str = "anonymous";

/// The role of a user whose record names none (design section 4).
pub(crate) const ROLE_OF_NO_ROLES: &str = "user";

pub(super) fn lines(profile: HasuraProfile) -> Vec<Line> {
    let anonymous = Some(HeaderValue::from_static(ANONYMOUS_ROLE));
    let mut lines = vec![
        Line::field("x-hasura-user-id", Field::UserId),
        Line {
            absent: anonymous.clone(),
            invalid: anonymous,
            takes_requested_role: true,
            ..Line::new(HeaderName::from_static("x-hasura-role"), |session, out| {
                write_roles(Field::Role, session, out)
            })
        },
    ];
    if profile.allowed_roles {
        lines.push(Line::new(
            HeaderName::from_static("x-hasura-allowed-roles"),
            |session, out| write_roles(Field::Roles, session, out),
        ));
    }
    lines
}

fn write_roles(field: Field, session: &Session, out: &mut String) -> Result<bool, BrokenRecord> {
    if !field.write(session, out)? {
        out.push_str(ROLE_OF_NO_ROLES);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::headers::{AnonymousRole, Caller, HasuraProfile, HeaderPlan, Profile, sample};
    use crate::store::Session;
    use http::HeaderValue;

    const ALLOWED: Profile = Profile::Hasura(HasuraProfile {
        allowed_roles: true,
        anonymous_role: AnonymousRole::Overwrite,
    });

    fn session(roles: &[&str], default_role: Option<&str>) -> Session {
        Session {
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            default_role: default_role.map(str::to_owned),
            ..sample::bare()
        }
    }

    #[test]
    fn roles_are_told_in_the_order_of_the_record() {
        let cases = [
            (session(&[], None), "user", "user"),
            (session(&["editor"], None), "editor", "editor"),
            (session(&["user", "admin"], None), "user", "user,admin"),
            (
                session(&["user", "admin"], Some("admin")),
                "admin",
                "user,admin",
            ),
        ];
        for (session, role, allowed) in cases {
            let expected = [
                ("x-hasura-user-id", "u-17"),
                ("x-hasura-role", role),
                ("x-hasura-allowed-roles", allowed),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let told = sample::emitted(&[ALLOWED], &session);
            assert_eq!(told, Ok(expected.to_vec()), "{:?}", session.roles);

            let plain = Profile::Hasura(HasuraProfile::default());
            let told = sample::emitted(&[plain], &session).expect("two headers");
            assert_eq!(
                told.as_slice(),
                expected.split_at(2).0,
                "{:?}",
                session.roles
            );
        }
    }

    #[test]
    fn a_requested_role_takes_the_place_of_the_default() {
        let plan = HeaderPlan::new(&[ALLOWED]).expect("a plan");
        let rendered = plan
            .render(&session(&["user", "admin"], None))
            .expect("no fault");
        let admin = HeaderValue::from_static("admin");
        let told = sample::pairs(plan.headers(Caller::Valid {
            rendered: &rendered,
            requested_role: Some(&admin),
        }));
        let expected = [
            ("x-hasura-user-id", "u-17"),
            ("x-hasura-role", "admin"),
            ("x-hasura-allowed-roles", "user,admin"),
        ];
        assert_eq!(
            told,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn without_a_valid_session_the_role_is_anonymous_and_nothing_else_is_told() {
        let plan = HeaderPlan::new(&[ALLOWED]).expect("a plan");
        let anonymous = [("x-hasura-role".to_owned(), "anonymous".to_owned())];
        assert_eq!(sample::pairs(plan.headers(Caller::Absent)), anonymous);
        assert_eq!(sample::pairs(plan.headers(Caller::Invalid)), anonymous);
    }
}
