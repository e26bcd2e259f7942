//! `AttrPath`: where a value lies in a session's `attrs`, and how JSON becomes header text.

use crate::store::Session;
use serde_json::Value;
use std::fmt;

/// `plan.name` of `{attrs.plan.name}`: at least one name, none empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AttrPath(Box<[Box<str>]>);

impl AttrPath {
    /// Reads the text after `attrs.`; `None` when a name is empty.
    pub(super) fn parse(dotted: &str) -> Option<Self> {
        let names: Box<[Box<str>]> = dotted.split('.').map(Box::from).collect();
        let complete = names.iter().all(|name| !name.is_empty());
        complete.then_some(Self(names))
    }

    /// Appends the value, arrays joined with a comma. `false`: missing, or neither a scalar nor an array of scalars.
    pub(super) fn write(&self, session: &Session, out: &mut String) -> bool {
        self.find(session)
            .is_some_and(|value| write_joined(value, ",", out))
    }

    fn find<'a>(&self, session: &'a Session) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter()
            .try_fold(session.attrs.get(&**first)?, |value, name| {
                value.get(&**name)
            })
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attrs.{}", self.0.join("."))
    }
}

/// Appends a scalar, or a non-empty array of scalars joined with `separator`. `false`: anything else; `out` is as it was.
pub(super) fn write_joined(value: &Value, separator: &str, out: &mut String) -> bool {
    let text = match value {
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            let words: Option<Vec<String>> = items.iter().map(scalar).collect();
            words.map(|words| words.join(separator))
        }
        one => scalar(one),
    };
    text.is_some_and(|text| {
        out.push_str(&text);
        true
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::AttrPath;
    use crate::headers::sample;
    use serde_json::json;

    #[test]
    fn attributes_become_text_or_are_missing() {
        let attrs = json!({
            "email": "ann@example.com", "empty": "", "age": 7, "ratio": 0.5, "beta": true, "none": null,
            "groups": ["a", 2, false], "no_groups": [], "nested": [["a"]], "odd": ["a", null],
            "plan": {"name": "pro", "seats": {"max": 5}},
        });
        let mut session = sample::bare();
        session.attrs = attrs.as_object().expect("an object").clone();
        let cases = [
            ("email", Some("ann@example.com")),
            ("empty", Some("")),
            ("age", Some("7")),
            ("ratio", Some("0.5")),
            ("beta", Some("true")),
            ("groups", Some("a,2,false")),
            ("plan.name", Some("pro")),
            ("plan.seats.max", Some("5")),
            ("none", None),
            ("no_groups", None),
            ("nested", None),
            ("odd", None),
            ("plan", None),
            ("plan.price", None),
            ("email.domain", None),
            ("groups.0", None),
            ("unknown", None),
        ];
        for (path, expected) in cases {
            let mut out = String::new();
            let found = AttrPath::parse(path).expect(path).write(&session, &mut out);
            assert_eq!(found.then_some(out.as_str()), expected, "{path}");
            assert!(found || out.is_empty(), "{path}");
        }
    }

    #[test]
    fn a_path_with_an_empty_name_is_refused() {
        for path in ["", ".", "a.", ".a", "a..b"] {
            assert_eq!(AttrPath::parse(path), None, "{path:?}");
        }
    }
}
