//! `FormField` and `JsonPath`: where in a body a token stands. Settings, as the configuration names them.

use std::fmt;

/// The longest name of a field or member, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// The deepest a token stands in a JSON body.
const MAX_DEPTH: usize = 8;

/// The name of a form field, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField(Box<str>);

impl FormField {
    /// `None` unless the name has 1 to 128 bytes and no control character.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        is_name(name).then(|| Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The names of the members that lead to a token, from the outermost in: `auth`, `token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Box<[Box<str>]>);

impl JsonPath {
    /// `None` unless there are 1 to 8 names, each of 1 to 128 bytes and without control characters.
    #[must_use]
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<Self> {
        let names: Box<[Box<str>]> = names.into_iter().map(Box::from).collect();
        let fits = (1..=MAX_DEPTH).contains(&names.len()) && names.iter().all(|name| is_name(name));
        fits.then_some(Self(names))
    }

    /// The names, from the outermost in.
    #[must_use]
    pub fn names(&self) -> &[Box<str>] {
        &self.0
    }
}

impl fmt::Display for FormField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `auth.token`.
impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::{FormField, JsonPath};

    #[test]
    fn names_are_bounded_and_legible() {
        let longest = "x".repeat(128);
        for (name, fits) in [
            ("token", true),
            ("auth[token]", true),
            (&longest, true),
            ("", false),
            ("a\nb", false),
            (&format!("{longest}x"), false),
        ] {
            assert_eq!(FormField::new(name).is_some(), fits, "{name:?}");
            assert_eq!(JsonPath::new(["a", name]).is_some(), fits, "{name:?}");
        }
        assert!(JsonPath::new([]).is_none());
        assert!(JsonPath::new(["a"; 9]).is_none());
        let path = JsonPath::new(["auth", "token"]).expect("a path");
        assert_eq!(path.to_string(), "auth.token");
    }
}
