//! `Pass`, `Refusal`, `InvalidReason`: what the decision can come to, as closed lists with their labels.

use http::StatusCode;

/// As whom a request goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// With the identity of its session.
    AsValid,
    /// With the profile's anonymous contract (R3).
    AsAbsent,
    /// With the profile's contract for an invalid credential (R4).
    AsInvalid,
}

/// Why a request is turned away; the upstream never hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The route needs a session and the request has no credential.
    NoSession,
    /// The credential is invalid and the route does not let that pass.
    InvalidSession,
    /// The requested role is not the user's (R5).
    RoleNotOwned,
    /// The user has none of the roles that the route asks for.
    RoleRequired,
    /// The route asks for verified users.
    Unverified,
    /// The user is disabled.
    Disabled,
    /// Without a session only the role `anonymous` may be asked for.
    AnonymousRole,
}

/// Why a credential that was shown is not a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvalidReason {
    /// It cannot be a token of its kind.
    Malformed,
    /// Several different values were shown for one cookie (R11).
    Ambiguous,
    /// It proves itself, and no key that is configured has signed it so.
    Signature,
    /// It proves itself, and its own end has passed.
    Expired,
    /// It proves itself, and does not say what is required: issuer, audience, a time.
    Claims,
    /// The store knows no such session, or it has ended.
    Unknown,
    /// The session was revoked by its name, or with all sessions of its user, and its record is there all the same.
    Revoked,
    /// The session was not used for its idle timeout.
    Idle,
    /// The user is disabled, on a route with `disabled: invalid`.
    Disabled,
}

impl Refusal {
    /// Every refusal, for resolving metric handles at load.
    pub const ALL: [Self; 7] = [
        Self::NoSession,
        Self::InvalidSession,
        Self::RoleNotOwned,
        Self::RoleRequired,
        Self::Unverified,
        Self::Disabled,
        Self::AnonymousRole,
    ];

    /// The label in metrics, log and answer.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::InvalidSession => "invalid_session",
            Self::RoleNotOwned => "role_not_owned",
            Self::RoleRequired => "role_required",
            Self::Unverified => "unverified",
            Self::Disabled => "disabled",
            Self::AnonymousRole => "anonymous_role",
        }
    }

    /// 401 where another credential could help, 403 where none of this user's could.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoSession | Self::InvalidSession => StatusCode::UNAUTHORIZED,
            Self::RoleNotOwned
            | Self::RoleRequired
            | Self::Unverified
            | Self::Disabled
            | Self::AnonymousRole => StatusCode::FORBIDDEN,
        }
    }
}

impl InvalidReason {
    /// Every reason, for resolving metric handles at load.
    pub const ALL: [Self; 9] = [
        Self::Malformed,
        Self::Ambiguous,
        Self::Signature,
        Self::Expired,
        Self::Claims,
        Self::Unknown,
        Self::Revoked,
        Self::Idle,
        Self::Disabled,
    ];

    /// The label in metrics and log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Ambiguous => "ambiguous",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::Claims => "claims",
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
            Self::Idle => "idle",
            Self::Disabled => "disabled",
        }
    }
}
