//! `identity:` of a route: the profiles and their options.

use super::assertion::Signing;
use crate::config::keys;
use crate::config::reading::{Mapping, Name, Value};
use crate::config::words;
use crate::headers::{
    CustomHeader, HasuraProfile, IdentityTypes, NameError, Profile, Template, canonical_name,
    check_custom_name,
};

/// What the upstream is told; left out or `none`: nothing.
pub(super) fn profiles(route: &Mapping<'_>, signing: &Signing<'_>, upstream: &str) -> Vec<Profile> {
    let Some(value) = route.get("identity") else {
        return Vec::new();
    };
    let items = value.items();
    let alone = items.len() == 1;
    let mut profiles: Vec<Profile> = Vec::new();
    for item in items {
        match profile(item, signing, upstream) {
            Some(None) if !alone => item.fault("`none` stands alone", "remove it"),
            Some(Some(next)) => {
                refuse_overlap(item, &profiles, &next);
                profiles.push(next);
            }
            _ => {}
        }
    }
    profiles
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    None,
    Skygear,
    Hasura,
    Authgear,
    Custom,
    Assertion,
}

const KINDS: [(&str, Kind); 6] = [
    ("none", Kind::None),
    ("skygear", Kind::Skygear),
    ("hasura", Kind::Hasura),
    ("authgear", Kind::Authgear),
    ("custom", Kind::Custom),
    ("assertion", Kind::Assertion),
];

const CUSTOM_HELP: &str = "{headers: {X-User: \"{user.id}\"}}";

/// The outer `None`: reported. The inner one: `none`.
fn profile(value: Value<'_>, signing: &Signing<'_>, upstream: &str) -> Option<Option<Profile>> {
    if value.is_mapping() {
        return long_form(value.mapping(keys::IDENTITY)?, signing, upstream);
    }
    let profile = match value.choice_or("profile", &KINDS, Some(CUSTOM_HELP))? {
        Kind::None => return Some(None),
        Kind::Skygear => Profile::Skygear(IdentityTypes::default()),
        Kind::Hasura => Profile::Hasura(HasuraProfile::default()),
        Kind::Authgear => Profile::Authgear,
        Kind::Assertion => Profile::Assertion(signing.header(value, None, upstream)),
        Kind::Custom => {
            value.fault("`custom` needs its headers", CUSTOM_HELP);
            return None;
        }
    };
    Some(Some(profile))
}

fn long_form(
    section: Mapping<'_>,
    signing: &Signing<'_>,
    upstream: &str,
) -> Option<Option<Profile>> {
    let kind = match (section.get("profile"), section.get("headers")) {
        (Some(profile), _) => profile.choice("profile", &KINDS)?,
        (None, Some(_)) => Kind::Custom,
        (None, None) => {
            let help = "`profile: skygear`, or `headers` of your own";
            section.value.fault("missing key `profile`", help);
            return None;
        }
    };
    refuse_options_of_others(&section, kind);
    let profile = match kind {
        Kind::None => return Some(None),
        Kind::Skygear => Profile::Skygear(types(&section)),
        Kind::Hasura => Profile::Hasura(hasura(&section)),
        Kind::Authgear => Profile::Authgear,
        Kind::Custom => Profile::Custom(headers(
            section.required("headers", "{X-User: \"{user.id}\"}")?,
        )?),
        Kind::Assertion => {
            Profile::Assertion(signing.header(section.value, Some(&section), upstream))
        }
    };
    Some(Some(profile))
}

fn refuse_options_of_others(section: &Mapping<'_>, kind: Kind) {
    for (key, owner) in [
        ("types", Kind::Skygear),
        ("allowed_roles", Kind::Hasura),
        ("anonymous_role_request", Kind::Hasura),
        ("headers", Kind::Custom),
        ("audience", Kind::Assertion),
        ("header", Kind::Assertion),
    ] {
        let word = KINDS
            .iter()
            .find(|(_, kind)| *kind == owner)
            .map_or("", |(word, _)| word);
        if let Some(option) = section.get(key).filter(|_| kind != owner) {
            option.fault(
                format!("`{key}` is an option of the {word} profile"),
                "remove it",
            );
        }
    }
}

fn types(section: &Mapping<'_>) -> IdentityTypes {
    section
        .choice("types", &[("any", IdentityTypes::Any)])
        .unwrap_or_default()
}

fn hasura(section: &Mapping<'_>) -> HasuraProfile {
    let allowed_roles = section.get("allowed_roles").and_then(Value::boolean);
    let anonymous_role = section.choice("anonymous_role_request", &words::ANONYMOUS_ROLE);
    HasuraProfile {
        allowed_roles: allowed_roles.unwrap_or_default(),
        anonymous_role: anonymous_role.unwrap_or_default(),
    }
}

fn headers(value: Value<'_>) -> Option<Vec<CustomHeader>> {
    let lines = value.named()?;
    if lines.is_empty() {
        value.fault(
            "a custom profile writes at least one header",
            "{X-User: \"{user.id}\"}",
        );
    }
    let mut headers: Vec<CustomHeader> = Vec::new();
    for (name, value) in lines {
        let template = value.parsed(
            "such as \"{user.id}\" or \"{attrs.email}\"",
            Template::parse,
        );
        if !is_writable(name) {
            continue;
        }
        if headers
            .iter()
            .any(|known| canonical_name(&known.name) == canonical_name(name.text))
        {
            name.place
                .fault("this header is written twice", "remove one");
            continue;
        }
        headers.extend(template.map(|value| CustomHeader {
            name: name.text.to_owned(),
            value,
        }));
    }
    Some(headers)
}

fn is_writable(name: Name<'_>) -> bool {
    let Err(fault) = check_custom_name(name.text) else {
        return true;
    };
    match fault {
        NameError::NotAName => name
            .place
            .fault(fault.to_string(), "letters, digits and `-` (RFC 9110 §5.1)"),
        NameError::NotForProfiles => name.place.fault(
            format!("`{}` {fault}", name.text),
            "choose a name of your own, such as X-User",
        ),
    }
    false
}

/// Two profiles of one route never write the same header.
fn refuse_overlap(value: Value<'_>, before: &[Profile], next: &Profile) {
    for other in before {
        if let (Profile::Assertion(_), Profile::Assertion(_)) = (other, next) {
            value.fault("a route writes one assertion", "remove one");
        } else if overlap(&written(other), &written(next)) {
            value.fault(
                "an earlier profile of this route writes these headers",
                "remove one",
            );
        }
    }
}

/// Which headers a profile writes, in canonical form.
enum Written {
    /// Some that start so.
    Prefix(&'static [u8]),
    /// These.
    Names(Vec<Box<[u8]>>),
}

fn written(profile: &Profile) -> Written {
    match profile {
        Profile::Skygear(_) => Written::Prefix(b"x-skygear-"),
        Profile::Hasura(_) => Written::Prefix(b"x-hasura-"),
        Profile::Authgear => Written::Prefix(b"x-authgear-"),
        Profile::Custom(headers) => {
            let names = headers.iter().map(|header| canonical_name(&header.name));
            Written::Names(names.collect())
        }
        Profile::Assertion(header) => Written::Names(vec![canonical_name(&header.name)]),
    }
}

fn overlap(one: &Written, two: &Written) -> bool {
    match (one, two) {
        (Written::Prefix(one), Written::Prefix(two)) => one == two,
        (Written::Names(one), Written::Names(two)) => one.iter().any(|name| two.contains(name)),
        (Written::Prefix(head), Written::Names(names))
        | (Written::Names(names), Written::Prefix(head)) => {
            names.iter().any(|name| name.starts_with(head))
        }
    }
}
