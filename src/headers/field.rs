//! `Field`: one fact of a session that a header value can be made of.

use crate::store::{BrokenRecord, Session};
use crate::timestamp;
use time::OffsetDateTime;

/// A fact that every session has in the same place; `attrs` are the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    UserId,
    UserVerified,
    UserDisabled,
    Roles,
    Role,
    IdentityId,
    IdentityType,
    IdentityUpdatedAt,
    AuthenticatorId,
    AuthenticatorType,
    AuthenticatorChannel,
    AuthenticatorUpdatedAt,
    CreatedAt,
    ExpiresAt,
}

/// What a session has under a field.
enum FieldValue<'a> {
    Text(&'a str),
    Flag(bool),
    List(&'a [String]),
    Time(OffsetDateTime),
}

impl Field {
    pub(super) const ALL: [Self; 14] = [
        Self::UserId,
        Self::UserVerified,
        Self::UserDisabled,
        Self::Roles,
        Self::Role,
        Self::IdentityId,
        Self::IdentityType,
        Self::IdentityUpdatedAt,
        Self::AuthenticatorId,
        Self::AuthenticatorType,
        Self::AuthenticatorChannel,
        Self::AuthenticatorUpdatedAt,
        Self::CreatedAt,
        Self::ExpiresAt,
    ];

    /// As templates and error messages spell it; the same dotted path as in the native record where there is one.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UserId => "user.id",
            Self::UserVerified => "user.verified",
            Self::UserDisabled => "user.disabled",
            Self::Roles => "roles",
            Self::Role => "role",
            Self::IdentityId => "identity.id",
            Self::IdentityType => "identity.type",
            Self::IdentityUpdatedAt => "identity.updated_at",
            Self::AuthenticatorId => "authenticator.id",
            Self::AuthenticatorType => "authenticator.type",
            Self::AuthenticatorChannel => "authenticator.channel",
            Self::AuthenticatorUpdatedAt => "authenticator.updated_at",
            Self::CreatedAt => "created_at",
            Self::ExpiresAt => "expires_at",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Appends the value. `Ok(false)`: the session does not have it, and nothing is appended.
    pub(super) fn write(self, session: &Session, out: &mut String) -> Result<bool, BrokenRecord> {
        match self.value(session) {
            None | Some(FieldValue::List([])) => return Ok(false),
            Some(FieldValue::Text(text)) => out.push_str(text),
            Some(FieldValue::Flag(flag)) => out.push_str(if flag { "true" } else { "false" }),
            Some(FieldValue::List(items)) => out.push_str(&items.join(",")),
            Some(FieldValue::Time(at)) => timestamp::write(at, out)
                .map_err(|fault| BrokenRecord::new(self.name(), fault.to_string()))?,
        }
        Ok(true)
    }

    fn value(self, session: &Session) -> Option<FieldValue<'_>> {
        let identity = session.identity.as_ref();
        let authenticator = session.authenticator.as_ref();
        match self {
            Self::UserId => Some(FieldValue::Text(&session.user_id)),
            Self::UserVerified => Some(FieldValue::Flag(session.verified)),
            Self::UserDisabled => Some(FieldValue::Flag(session.disabled)),
            Self::Roles => Some(FieldValue::List(&session.roles)),
            Self::Role => session
                .default_role
                .as_deref()
                .or_else(|| session.roles.first().map(String::as_str))
                .map(FieldValue::Text),
            Self::IdentityId => identity.map(|it| FieldValue::Text(&it.id)),
            Self::IdentityType => identity?.kind.as_deref().map(FieldValue::Text),
            Self::IdentityUpdatedAt => identity?.updated_at.map(FieldValue::Time),
            Self::AuthenticatorId => authenticator.map(|it| FieldValue::Text(&it.id)),
            Self::AuthenticatorType => authenticator?.kind.as_deref().map(FieldValue::Text),
            Self::AuthenticatorChannel => authenticator?.channel.as_deref().map(FieldValue::Text),
            Self::AuthenticatorUpdatedAt => authenticator?.updated_at.map(FieldValue::Time),
            Self::CreatedAt => session.created_at.map(FieldValue::Time),
            Self::ExpiresAt => session.expires_at.map(FieldValue::Time),
        }
    }
}
