//! `HeaderPlan`: the headers a route writes, made at load from its profiles.

use super::assertion::Assertion;
use super::line::Line;
use super::name::{NameError, canonical_name, check_custom_name};
use super::profile::{CustomHeader, Profile};
use super::rendered::{Rendered, Rendering};
use super::{authgear, hasura, skygear};
use crate::store::{BrokenRecord, Session};
use http::{HeaderName, HeaderValue};
use std::collections::BTreeSet;
use thiserror::Error;

/// What the profiles of one route write, in their order. Empty for `identity: none`.
pub struct HeaderPlan {
    lines: Box<[Line]>,
    assertion: Option<Assertion>,
}

/// Why a route's profiles cannot stand together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Two headers that some upstream could not tell apart.
    #[error("`{0}` is written twice; letter case and punctuation do not make another name")]
    Duplicate(String),
    /// A route speaks to one service.
    #[error("a route writes one assertion")]
    SecondAssertion,
    /// Not a name that a custom profile may write.
    #[error("`{0}`: {1}")]
    Name(String, NameError),
}

/// As whom a request goes on to the upstream.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// A valid session.
    Valid {
        /// What this plan made of it.
        rendered: &'a Rendered,
        /// A role that the client asked for and the user owns (R5); ignored by profiles without a role.
        requested_role: Option<&'a HeaderValue>,
    },
    /// No credential (R3).
    Absent,
    /// An invalid credential, on a route that lets it pass (R4).
    Invalid,
}

impl HeaderPlan {
    /// Joins the profiles of a route.
    ///
    /// # Errors
    /// When a name is written twice, is no header name, or is not for profiles to write, or there are two assertions.
    pub fn new(profiles: &[Profile]) -> Result<Self, PlanError> {
        let (mut lines, mut assertion) = (Vec::new(), None);
        for profile in profiles {
            match profile {
                Profile::Skygear(types) => lines.extend(skygear::lines(*types)),
                Profile::Hasura(hasura) => lines.extend(hasura::lines(*hasura)),
                Profile::Authgear => lines.extend(authgear::lines()),
                Profile::Custom(headers) => {
                    for header in headers {
                        lines.push(custom_line(header)?);
                    }
                }
                Profile::Assertion(_) if assertion.is_some() => {
                    return Err(PlanError::SecondAssertion);
                }
                Profile::Assertion(header) => {
                    assertion = Some(Assertion::new(custom_name(&header.name)?, header));
                }
            }
        }
        let mut taken = BTreeSet::new();
        let names = lines.iter().map(|line| &line.name);
        for name in names.chain(assertion.iter().map(|assertion| &assertion.name)) {
            if !taken.insert(canonical_name(name.as_str())) {
                return Err(PlanError::Duplicate(name.to_string()));
            }
        }
        Ok(Self {
            lines: lines.into(),
            assertion,
        })
    }

    /// Makes the header values of one valid session. Called when the session is loaded, not per request.
    ///
    /// # Errors
    /// When a value holds a control character, is not what the profile needs, or all together exceed 8 KiB (R2).
    pub fn render(&self, session: &Session) -> Result<Rendered, BrokenRecord> {
        let mut rendering = Rendering::with_capacity(self.lines.len());
        let mut value = String::new();
        for line in &self.lines {
            value.clear();
            if (line.write)(session, &mut value)? {
                rendering.push(&line.name, &value)?;
            } else {
                rendering.skip();
            }
        }
        if let Some(assertion) = &self.assertion {
            rendering.reserve(assertion.most_bytes(session))?;
        }
        Ok(rendering.finish())
    }

    /// The header that valid sessions have beside those of [`Self::headers`].
    #[must_use]
    pub fn assertion(&self) -> Option<&Assertion> {
        self.assertion.as_ref()
    }

    /// The headers to write for this caller, each name once, but for the assertion. The values of a valid session take one
    /// allocation.
    pub fn headers<'a>(
        &'a self,
        who: Caller<'a>,
    ) -> impl Iterator<Item = (&'a HeaderName, HeaderValue)> + use<'a> {
        let mut rendered = match who {
            Caller::Valid { rendered, .. } => Some(rendered.values(self.lines.len())),
            Caller::Absent | Caller::Invalid => None,
        };
        self.lines.iter().filter_map(move |line| {
            let own = rendered.as_mut().and_then(Iterator::next).flatten();
            let value = match who {
                Caller::Absent => line.absent.clone(),
                Caller::Invalid => line.invalid.clone(),
                Caller::Valid {
                    requested_role: Some(role),
                    ..
                } if line.takes_requested_role => Some(role.clone()),
                Caller::Valid { .. } => own,
            };
            Some((&line.name, value?))
        })
    }
}

fn custom_line(header: &CustomHeader) -> Result<Line, PlanError> {
    let template = header.value.clone();
    Ok(Line::new(
        custom_name(&header.name)?,
        move |session, out| template.render(session, out),
    ))
}

/// A configured name, kept to the end of the process: handing it on counts nothing. A reference count would be one for all
/// threads, written by each of their requests. A configuration has few names, and is opened a few times at most.
fn custom_name(name: &str) -> Result<HeaderName, PlanError> {
    let refused = |fault| PlanError::Name(name.to_owned(), fault);
    check_custom_name(name).map_err(refused)?;
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused(NameError::NotAName))?;
    Ok(HeaderName::from_static(name.as_str().to_owned().leak()))
}

#[cfg(test)]
mod tests {
    use super::{Caller, HeaderPlan, PlanError};
    use crate::headers::NameError;
    use crate::headers::{
        AnonymousRole, AssertionHeader, CustomHeader, HasuraProfile, IdentityTypes, Profile,
        Template, sample,
    };
    use proptest::prelude::*;

    fn custom(headers: &[(&str, &str)]) -> Profile {
        let header = |(name, value): &(&str, &str)| CustomHeader {
            name: (*name).to_owned(),
            value: Template::parse(value).expect(value),
        };
        Profile::Custom(headers.iter().map(header).collect())
    }

    fn assertion(name: &str) -> Profile {
        Profile::Assertion(AssertionHeader {
            name: name.to_owned(),
            audience: "blog".to_owned(),
        })
    }

    fn every_profile() -> [Profile; 4] {
        [
            Profile::Skygear(IdentityTypes::Any),
            Profile::Hasura(HasuraProfile {
                allowed_roles: true,
                anonymous_role: AnonymousRole::Overwrite,
            }),
            Profile::Authgear,
            custom(&[
                ("X-Roles", "{roles}"),
                ("X-Email", "<{attrs.email}>"),
                ("X-Since", "{created_at}"),
            ]),
        ]
    }

    #[test]
    fn custom_headers_keep_their_order_and_miss_what_the_session_lacks() {
        let profile = [custom(&[
            ("X-User", "id={user.id}"),
            ("x-EMAIL", "{attrs.email}"),
            ("X-Phone", "tel:{attrs.phone}"),
            ("X-Static", "edge"),
        ])];
        let expected = [
            ("x-user", "id=u-17"),
            ("x-email", "ann@example.com"),
            ("x-static", "edge"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            sample::emitted(&profile, &sample::full()),
            Ok(expected.to_vec())
        );
        let plan = HeaderPlan::new(&profile).expect("a plan");
        assert_eq!(
            plan.headers(Caller::Absent).count(),
            0,
            "static text too is identity"
        );
        assert_eq!(plan.headers(Caller::Invalid).count(), 0);
    }

    #[test]
    fn no_profile_writes_nothing() {
        assert_eq!(sample::emitted(&[], &sample::full()), Ok(Vec::new()));
    }

    #[test]
    fn names_that_cannot_stand_together_are_refused() {
        let seed = Profile::Skygear(IdentityTypes::Seed);
        let duplicate = |name: &str| PlanError::Duplicate(name.to_owned());
        let not_ours = |name: &str| PlanError::Name(name.to_owned(), NameError::NotForProfiles);
        let cases = [
            (
                vec![seed.clone(), seed.clone()],
                duplicate("x-skygear-user-id"),
            ),
            (
                vec![seed, custom(&[("X_Skygear.User-Id", "")])],
                duplicate("x_skygear.user-id"),
            ),
            (vec![custom(&[("X-A", ""), ("x-a", "")])], duplicate("x-a")),
            (
                vec![custom(&[("X A", "")])],
                PlanError::Name("X A".to_owned(), NameError::NotAName),
            ),
            (
                vec![custom(&[("", "")])],
                PlanError::Name(String::new(), NameError::NotAName),
            ),
            (vec![custom(&[("Host", "")])], not_ours("Host")),
            (
                vec![custom(&[("Content_Length", "")])],
                not_ours("Content_Length"),
            ),
            (
                vec![custom(&[("authorization", "")])],
                not_ours("authorization"),
            ),
            (vec![assertion("Host")], not_ours("Host")),
            (
                vec![custom(&[("X-A", "")]), assertion("x_a")],
                duplicate("x_a"),
            ),
            (
                vec![assertion("X-A"), assertion("X-B")],
                PlanError::SecondAssertion,
            ),
        ];
        for (profiles, expected) in cases {
            assert_eq!(
                HeaderPlan::new(&profiles).err(),
                Some(expected),
                "{profiles:?}"
            );
        }
        assert!(HeaderPlan::new(&every_profile()).is_ok());
    }

    #[test]
    fn an_assertion_is_no_line_and_counts_towards_the_limit() {
        let plan = HeaderPlan::new(&[assertion("X-A")]).expect("a plan");
        let told = plan
            .assertion()
            .map(|told| (told.name.as_str(), &*told.audience));
        assert_eq!(told, Some(("x-a", "blog")));
        let mut session = sample::full();
        let rendered = plan.render(&session).expect("no fault");
        let caller = Caller::Valid {
            rendered: &rendered,
            requested_role: None,
        };
        assert_eq!(plan.headers(caller).count(), 0);
        session.roles = vec!["r".repeat(64); 64];
        assert!(plan.render(&session).is_ok(), "the most that R2 lets in");
        session.roles = vec!["r".repeat(64); 90];
        assert!(plan.render(&session).is_err());
    }

    proptest! {
        #[test]
        fn what_is_rendered_is_short_and_printable_whatever_the_store_let_through(
            session in sample::any_session(),
        ) {
            for profile in every_profile() {
                let Ok(told) = sample::emitted(&[profile], &session) else {
                    continue;
                };
                let size: usize = told.iter().map(|(name, value)| name.len() + value.len()).sum();
                prop_assert!(size <= 8 * 1024, "{} bytes", size);
                for (name, value) in told {
                    prop_assert!(!value.chars().any(char::is_control), "{}: {:?}", name, value);
                }
            }
        }

        #[test]
        fn a_printable_session_is_never_broken_for_a_custom_profile(id in "[!-~]{1,256}", text in "[ -~]{0,99}") {
            let mut session = sample::bare();
            session.user_id.clone_from(&id);
            session.attrs.insert("text".to_owned(), text.clone().into());
            let profile = custom(&[("X-User", "{user.id}"), ("X-Text", "{attrs.text}")]);
            let expected = vec![("x-user".to_owned(), id), ("x-text".to_owned(), text)];
            prop_assert_eq!(sample::emitted(&[profile], &session), Ok(expected));
        }
    }
}
