//! `Reserved`: which header names only the gateway may write (design section 3, rule R1).

use super::name::{BUILT_IN_PREFIXES, canonical, canonical_name};
use super::profile::Profile;

/// The reserved names of a whole configuration, built at load and asked about every header of every request.
///
/// Names are compared in canonical form, lower-case and with every byte outside `a-z0-9` read as `-`: servers behind
/// CGI, WSGI and the like cannot tell `X_User` or `X.User` from `X-User` (CVE-2015-0219, CVE-2025-64484).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Canonical, what profiles write beside the built-in prefixes.
    names: Box<[Box<[u8]>]>,
    /// Bit `n % 64` is set if a name has `n` bytes; most ordinary headers end here.
    lengths: u64,
}

impl Reserved {
    /// Takes the profiles of all routes: a name that one route writes is removed on each.
    #[must_use]
    pub fn new<'a>(profiles: impl IntoIterator<Item = &'a Profile>) -> Self {
        let mut names: Vec<Box<[u8]>> = profiles
            .into_iter()
            .flat_map(own_names)
            .map(canonical_name)
            .collect();
        names.sort();
        names.dedup();
        let lengths = names.iter().fold(0, |bits, name| bits | length_bit(name));
        Self {
            names: names.into(),
            lengths,
        }
    }

    /// Whether a client may not send this name. Does not allocate.
    #[must_use]
    pub fn is_reserved(&self, name: impl AsRef<[u8]>) -> bool {
        let name = name.as_ref();
        BUILT_IN_PREFIXES
            .iter()
            .any(|prefix| starts_with(name, prefix.as_bytes()))
            || (self.lengths & length_bit(name) != 0
                && self
                    .names
                    .iter()
                    .any(|reserved| reserved.len() == name.len() && starts_with(name, reserved)))
    }
}

/// The names of a profile that start with none of the built-in prefixes.
fn own_names(profile: &Profile) -> Vec<&str> {
    match profile {
        Profile::Custom(headers) => headers.iter().map(|header| header.name.as_str()).collect(),
        Profile::Assertion(header) => vec![&header.name],
        Profile::Skygear(_) | Profile::Hasura(_) | Profile::Authgear => Vec::new(),
    }
}

fn length_bit(name: &[u8]) -> u64 {
    1 << (name.len() % 64)
}

/// `start` is canonical, `name` as the client wrote it; ends at the first byte that differs.
fn starts_with(name: &[u8], start: &[u8]) -> bool {
    name.len() >= start.len() && name.iter().zip(start).all(|(a, b)| canonical(*a) == *b)
}

#[cfg(test)]
mod tests {
    use super::Reserved;
    use crate::headers::{AssertionHeader, CustomHeader, Profile, Template};
    use proptest::prelude::*;

    fn reserved(names: &[&str]) -> Reserved {
        let header = |name: &&str| CustomHeader {
            name: (*name).to_owned(),
            value: Template::parse("{user.id}").expect("a template"),
        };
        Reserved::new(&[
            Profile::Authgear,
            Profile::Custom(names.iter().map(header).collect()),
        ])
    }

    #[test]
    fn every_spelling_of_a_reserved_name_is_found() {
        let cases = [
            ("x-skygear-user-id", true),
            ("X-SKYGEAR-USER-ID", true),
            ("x_skygear_user_id", true),
            ("X.Skygear~Is+Master%Key", true),
            ("x-skygear-", true),
            ("x-skygear", false),
            ("x-skygears-user-id", false),
            ("xx-skygear-user-id", false),
            ("X-Hasura-Admin-Secret", true),
            ("x-hasura_role", true),
            ("x-authgear-user-roles", true),
            ("X-User", true),
            ("x_user", true),
            ("x!user", true),
            ("x-user-id", false),
            ("x-use", false),
            ("remote.user", true),
            ("host", false),
            ("accept", false),
            ("", false),
        ];
        let reserved = reserved(&["X-User", "Remote_User"]);
        for (name, expected) in cases {
            assert_eq!(reserved.is_reserved(name), expected, "{name}");
        }
    }

    #[test]
    fn without_profiles_the_three_families_are_reserved_all_the_same() {
        let reserved = Reserved::default();
        assert!(reserved.is_reserved("X_Hasura_Role"));
        assert!(!reserved.is_reserved("X-User"));
    }

    #[test]
    fn the_name_of_an_assertion_is_reserved_in_every_spelling() {
        let reserved = Reserved::new(&[Profile::Assertion(AssertionHeader {
            name: "X-Sessiongate-Assertion".to_owned(),
            audience: "blog".to_owned(),
        })]);
        assert!(reserved.is_reserved("x_SessionGate.assertion"));
        assert!(!reserved.is_reserved("x-sessiongate-assertions"));
    }

    /// Section 3 word for word, by allocation.
    fn oracle(custom: &[String], name: &[u8]) -> bool {
        let canonical = |name: &[u8]| -> String {
            let lower = name.to_ascii_lowercase();
            let read = |b: &u8| match b {
                b'a'..=b'z' | b'0'..=b'9' => char::from(*b),
                _ => '-',
            };
            lower.iter().map(read).collect()
        };
        let name = canonical(name);
        ["x-skygear-", "x-authgear-", "x-hasura-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            || custom.iter().any(|own| canonical(own.as_bytes()) == name)
    }

    proptest! {
        #[test]
        fn agrees_with_the_rule_as_it_is_written(
            custom in prop::collection::vec("[XxYy][-_.][A-Za-c0-2]{0,3}", 0..4),
            near in "([Xx][-_.~](skygear|SKYGEAR|Authgear|hasura|user)[-_ ]?)?[XxYy]?[-_.]?[A-Za-c0-2]{0,3}",
            wild in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let names: Vec<&str> = custom.iter().map(String::as_str).collect();
            let reserved = reserved(&names);
            prop_assert_eq!(reserved.is_reserved(&near), oracle(&custom, near.as_bytes()), "{}", near);
            prop_assert_eq!(reserved.is_reserved(&wild), oracle(&custom, &wild));
            for name in &custom {
                prop_assert!(reserved.is_reserved(name), "{}", name);
            }
        }
    }
}
