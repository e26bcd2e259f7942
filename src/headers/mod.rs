//! How the caller is told to the upstream: reserved names, profiles, templates, and the plan made of them.

mod assertion;
mod attribute;
mod authgear;
mod field;
mod hasura;
mod line;
mod name;
mod plan;
mod profile;
mod rendered;
mod reserved;
#[cfg(test)]
pub(crate) mod sample;
mod skygear;
mod template;

pub use assertion::Assertion;
pub(crate) use hasura::{ANONYMOUS_ROLE, ROLE_OF_NO_ROLES};
pub use name::{BUILT_IN_PREFIXES, NameError, canonical_name, check_custom_name};
pub use plan::{Caller, HeaderPlan, PlanError};
pub use profile::{
    AnonymousRole, AssertionHeader, CustomHeader, HasuraProfile, IdentityTypes, Profile,
};
pub use rendered::Rendered;
pub use reserved::Reserved;
pub use template::{Template, TemplateError};
