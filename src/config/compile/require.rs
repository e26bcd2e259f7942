//! `require:`, `invalid:` and `disabled:` of a route, and what they are when left out.

use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::words;
use crate::headers::Profile;
use crate::policy::{OnDisabled, OnInvalid, Require};
use crate::store::TextRule;

/// Who may pass.
pub(super) fn require(route: &Mapping<'_>) -> Require {
    let Some(value) = route.get("require") else {
        return Require::default();
    };
    if !value.is_mapping() {
        let words = [("optional", false), ("session", true)];
        let session = value
            .choice_or("require", &words, Some("{roles: [admin]}"))
            .unwrap_or_default();
        return Require {
            session,
            ..Require::default()
        };
    }
    let Some(section) = value.mapping(keys::REQUIRE) else {
        return Require::default();
    };
    let roles = section.get("roles").map(roles).unwrap_or_default();
    let verified = section
        .get("verified")
        .and_then(Value::boolean)
        .unwrap_or_default();
    let implied = verified || section.get("roles").is_some();
    let said = section.get("session");
    if let Some(false) = said.and_then(Value::boolean).filter(|_| implied) {
        value.fault(
            "roles and verified users need a session",
            "remove `session: false`",
        );
    }
    let session = implied || said.and_then(Value::boolean).unwrap_or_default();
    Require {
        session,
        roles,
        verified,
    }
}

/// Design rule R2.
fn roles(value: Value<'_>) -> Vec<String> {
    let items = value.items();
    if items.is_empty() {
        value.fault(
            "an empty list lets nobody pass",
            "name a role, or use `require: session`",
        );
    }
    let role = |item: Value<'_>| {
        let text = item.text()?;
        let fits = TextRule::Role.holds(text);
        if !fits {
            item.fault(
                "no user can have this role",
                "1 to 64 letters, digits and `_.:-`",
            );
        }
        fits.then(|| text.to_owned())
    };
    items.into_iter().filter_map(role).collect()
}

/// Left out: a credential that proves nothing is refused where it cannot pass anyway, and by hasura's contract.
pub(super) fn on_invalid(
    route: &Mapping<'_>,
    identity: &[Profile],
    require: &Require,
) -> OnInvalid {
    let said = route.choice("invalid", &words::INVALID);
    let hasura = identity
        .iter()
        .any(|profile| matches!(profile, Profile::Hasura(_)));
    said.unwrap_or(if hasura || require.session {
        OnInvalid::Reject
    } else {
        OnInvalid::Anonymous
    })
}

/// Left out: the strictest of what the profiles ask for. A service that is not told must not be reached.
pub(super) fn on_disabled(
    route: &Mapping<'_>,
    identity: &[Profile],
    require: &Require,
) -> OnDisabled {
    let said = route.choice("disabled", &words::DISABLED);
    let untold = |profile: &Profile| match profile {
        Profile::Hasura(_) => true,
        Profile::Custom(headers) => !headers
            .iter()
            .any(|header| header.value.mentions("user.disabled")),
        Profile::Skygear(_) | Profile::Authgear | Profile::Assertion(_) => false,
    };
    let by_default = if identity.iter().any(untold) || (identity.is_empty() && require.session) {
        OnDisabled::Reject
    } else if identity.contains(&Profile::Authgear) {
        OnDisabled::Invalid
    } else {
        OnDisabled::Forward
    };
    said.unwrap_or(by_default)
}
