//! `Profile`: a contract with the upstream about identity headers. Settings of a route's `identity:`.

use super::template::Template;

/// Which header set a service is told (design section 4).
#[derive(Clone, Debug, PartialEq)]
pub enum Profile {
    /// `x-skygear-*` (seed 002).
    Skygear(IdentityTypes),
    /// `X-Hasura-*` (seed 003).
    Hasura(HasuraProfile),
    /// `x-authgear-*`, as Authgear's resolve endpoint answers them.
    Authgear,
    /// Named headers from templates, in the order of the file.
    Custom(Vec<CustomHeader>),
    /// One header with a signed token of the identity.
    Assertion(AssertionHeader),
}

impl Profile {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Skygear(_) => "skygear",
            Self::Hasura(_) => "hasura",
            Self::Authgear => "authgear",
            Self::Custom(_) => "custom",
            Self::Assertion(_) => "assertion",
        }
    }
}

/// Which identity and authenticator types pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IdentityTypes {
    /// The enumerations of seed 002; another value is a broken record.
    #[default]
    Seed,
    /// `types: any`: whatever matches `[a-z0-9_]{1,32}`.
    Any,
}

/// Switches of the hasura profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HasuraProfile {
    /// Also write `X-Hasura-Allowed-Roles`.
    pub allowed_roles: bool,
    /// What an anonymous request that asks for a role gets.
    pub anonymous_role: AnonymousRole,
}

/// `anonymous_role_request:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AnonymousRole {
    /// The requested role is overwritten by `anonymous`.
    #[default]
    Overwrite,
    /// Any requested role but `anonymous` is 403.
    Reject,
}

/// Where a route's signed assertion stands, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionHeader {
    /// As the file spells it; an RFC 9110 token, never one that frames or routes the message.
    pub name: String,
    /// `aud`: 1 to 256 bytes of visible ASCII.
    pub audience: String,
}

/// One header of a custom profile.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomHeader {
    /// As the file spells it; an RFC 9110 token, never one that frames or routes the message.
    pub name: String,
    /// Literal text and fields.
    pub value: Template,
}
