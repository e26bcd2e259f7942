//! `Policy`: the rules of one route. Pure: proxy and `explain` ask the same question and get the same answer.

use super::settings::{OnDisabled, OnInvalid, Require};
use super::verdict::{InvalidReason, Pass, Refusal};
use crate::headers::{ANONYMOUS_ROLE, AnonymousRole, ROLE_OF_NO_ROLES};
use crate::identity::Identity;

/// What a route asks of its callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who may pass.
    pub require: Require,
    /// What an invalid credential means.
    pub invalid: OnInvalid,
    /// What a disabled user means.
    pub disabled: OnDisabled,
    /// `Some` on routes with the hasura profile: only these read a requested role.
    pub anonymous_role: Option<AnonymousRole>,
}

/// What is known of the caller. A store that could not say has no standing: it is answered before (R7).
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    /// No credential was shown.
    Absent,
    /// The credential is a session.
    Valid(&'a Identity),
    /// The credential is no session.
    Invalid(InvalidReason),
}

impl Policy {
    /// Decides as whom the request goes on.
    ///
    /// A CORS preflight carries no credential by specification (Fetch, section 4.8), so without one it passes as
    /// anonymous even where a session is required.
    ///
    /// # Errors
    /// Why the request must not reach the upstream.
    pub fn judge(
        &self,
        standing: Standing<'_>,
        requested_role: Option<&[u8]>,
        preflight: bool,
    ) -> Result<Pass, Refusal> {
        match self.effective(standing) {
            Standing::Valid(identity) => {
                self.admit_user(identity)?;
                self.check_owned(identity, requested_role)?;
                Ok(Pass::AsValid)
            }
            Standing::Invalid(_) => {
                if self.invalid == OnInvalid::Reject || self.needs_session() {
                    return Err(Refusal::InvalidSession);
                }
                self.check_anonymous(requested_role)?;
                Ok(Pass::AsInvalid)
            }
            Standing::Absent => {
                if self.needs_session() && !preflight {
                    return Err(Refusal::NoSession);
                }
                self.check_anonymous(requested_role)?;
                Ok(Pass::AsAbsent)
            }
        }
    }

    /// The standing that counts on this route: with `disabled: invalid` a disabled user's session is none.
    #[must_use]
    pub fn effective<'a>(&self, standing: Standing<'a>) -> Standing<'a> {
        match standing {
            Standing::Valid(identity)
                if identity.disabled && self.disabled == OnDisabled::Invalid =>
            {
                Standing::Invalid(InvalidReason::Disabled)
            }
            other => other,
        }
    }

    fn needs_session(&self) -> bool {
        self.require.session || self.require.verified || !self.require.roles.is_empty()
    }

    fn admit_user(&self, identity: &Identity) -> Result<(), Refusal> {
        if identity.disabled && self.disabled == OnDisabled::Reject {
            return Err(Refusal::Disabled);
        }
        if self.require.verified && !identity.verified {
            return Err(Refusal::Unverified);
        }
        let any_of = &self.require.roles;
        if any_of.is_empty()
            || any_of
                .iter()
                .any(|role| self.owns(identity, role.as_bytes()))
        {
            Ok(())
        } else {
            Err(Refusal::RoleRequired)
        }
    }

    fn check_owned(
        &self,
        identity: &Identity,
        requested_role: Option<&[u8]>,
    ) -> Result<(), Refusal> {
        match requested_role {
            Some(role) if self.anonymous_role.is_some() && !self.owns(identity, role) => {
                Err(Refusal::RoleNotOwned)
            }
            _ => Ok(()),
        }
    }

    fn check_anonymous(&self, requested_role: Option<&[u8]>) -> Result<(), Refusal> {
        match (self.anonymous_role, requested_role) {
            (Some(AnonymousRole::Reject), Some(role)) if role != ANONYMOUS_ROLE.as_bytes() => {
                Err(Refusal::AnonymousRole)
            }
            _ => Ok(()),
        }
    }

    /// On hasura routes a user without roles has the role that the profile tells the upstream.
    fn owns(&self, identity: &Identity, role: &[u8]) -> bool {
        let implied = self.anonymous_role.is_some() && identity.roles().next().is_none();
        identity.owns_role(role) || (implied && role == ROLE_OF_NO_ROLES.as_bytes())
    }
}
