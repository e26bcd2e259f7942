//! `Preset`: the answers of auth services that are known (features.md A.2, A.3, B.2).

use super::answer_map::{AnswerMap, AnswerPlace, Unsaid};
use crate::store::foreign::{Field, FieldMap, FieldPath};

/// Whose answers they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Skygear's gateway headers of both generations: the ten of seed 002, with or without `x-skygear-session-valid`.
    Skygear,
    /// Authgear's resolve endpoint.
    Authgear,
    /// `Remote-User` and its like, as Authelia sends them.
    RemoteUser,
    /// Ory Kratos, `/sessions/whoami`.
    Kratos,
    /// What Ory Oathkeeper asks of a `check_session_url`: a subject, and anything beside it.
    Oathkeeper,
    /// Headers that the file names.
    Headers,
    /// JSON whose fields the file names.
    Json,
}

impl Preset {
    /// How such an answer is read, before the file says otherwise.
    #[must_use]
    pub fn answer(self) -> AnswerMap {
        let (place, valid, unsaid) = match self {
            Self::Skygear => (HEADERS, "x-skygear-session-valid", Unsaid::NamesUser),
            Self::Authgear => (HEADERS, "x-authgear-session-valid", Unsaid::Invalid),
            Self::RemoteUser | Self::Headers => (HEADERS, "", Unsaid::Invalid),
            Self::Kratos => (BODY, "active", Unsaid::Broken),
            Self::Oathkeeper | Self::Json => (BODY, "", Unsaid::Broken),
        };
        let mut map = FieldMap::default();
        for (field, path) in self.fields() {
            if let Some(path) = FieldPath::parse(path) {
                map.set(*field, path);
            }
        }
        for (name, path) in self.attributes() {
            if let Some(path) = FieldPath::parse(path) {
                map.set_attribute(name, path);
            }
        }
        AnswerMap {
            place,
            valid: FieldPath::parse(valid),
            unsaid,
            fields: map,
        }
    }

    fn fields(self) -> &'static [(Field, &'static str)] {
        match self {
            Self::Skygear => &[
                (Field::UserId, "x-skygear-user-id"),
                (Field::Verified, "x-skygear-user-verified"),
                (Field::Disabled, "x-skygear-user-disabled"),
                (Field::IdentityId, "x-skygear-session-identity-id"),
                (Field::IdentityType, "x-skygear-session-identity-type"),
                (
                    Field::IdentityUpdatedAt,
                    "x-skygear-session-identity-updated-at",
                ),
                (Field::AuthenticatorId, "x-skygear-session-authenticator-id"),
                (
                    Field::AuthenticatorType,
                    "x-skygear-session-authenticator-type",
                ),
                (
                    Field::AuthenticatorChannel,
                    "x-skygear-session-authenticator-oob-channel",
                ),
                (
                    Field::AuthenticatorUpdatedAt,
                    "x-skygear-session-authenticator-updated-at",
                ),
            ],
            Self::Authgear => &[
                (Field::UserId, "x-authgear-user-id"),
                (Field::Verified, "x-authgear-user-verified"),
                (Field::Roles, "x-authgear-user-roles"),
                (Field::CreatedAt, "x-authgear-session-authenticated-at"),
            ],
            Self::RemoteUser => &[
                (Field::UserId, "remote-user"),
                (Field::Roles, "remote-groups"),
            ],
            Self::Kratos => &[
                (Field::UserId, "identity.id"),
                (Field::Verified, "identity.verifiable_addresses.0.verified"),
                (Field::Roles, "identity.metadata_public.roles"),
                (Field::CreatedAt, "authenticated_at"),
                (Field::ExpiresAt, "expires_at"),
            ],
            Self::Oathkeeper => &[(Field::UserId, "subject"), (Field::Roles, "extra.roles")],
            Self::Headers | Self::Json => &[],
        }
    }

    /// Named as the `authgear` profile looks for them, where it does.
    fn attributes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Skygear => &[
                ("anonymous", "x-skygear-user-anonymous"),
                ("acr", "x-skygear-session-acr"),
                ("amr", "x-skygear-session-amr"),
            ],
            Self::Authgear => &[
                ("anonymous", "x-authgear-user-anonymous"),
                ("can_reauthenticate", "x-authgear-user-can-reauthenticate"),
                ("amr", "x-authgear-session-amr"),
            ],
            Self::RemoteUser => &[("name", "remote-name"), ("email", "remote-email")],
            Self::Kratos => &[
                ("email", "identity.traits.email"),
                ("aal", "authenticator_assurance_level"),
            ],
            Self::Oathkeeper => &[("extra", "extra")],
            Self::Headers | Self::Json => &[],
        }
    }
}

const HEADERS: AnswerPlace = AnswerPlace::Headers;
const BODY: AnswerPlace = AnswerPlace::Body;
