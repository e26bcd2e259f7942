//! `FieldPath`: where in a foreign record a field stands.

use serde_json::Value;
use std::fmt;

/// Names of members from the outside in; a number also counts in a list, `*` stands for each element of one.
///
/// Written with dots, `user.roles`, or as a list where a name holds a dot itself: `["https://example.com/claims", roles]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath(Box<[Box<str>]>);

impl FieldPath {
    /// Reads the dotted form; `None` for an empty one, one with an empty step, or one of more than 16.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of(text.split('.'))
    }

    /// Takes the steps one by one; `None` as in [`Self::parse`].
    #[must_use]
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let steps: Box<[Box<str>]> = steps.into_iter().map(Box::from).collect();
        let fits = (1..=MOST_STEPS).contains(&steps.len());
        (fits && steps.iter().all(|step| !step.is_empty())).then_some(Self(steps))
    }

    /// What stands there; `null` counts as nothing. The first, where `*` leads to several.
    #[must_use]
    pub fn find<'v>(&self, record: &'v Value) -> Option<&'v Value> {
        self.all(record).into_iter().next()
    }

    /// Everything that stands there, in order.
    #[must_use]
    pub fn all<'v>(&self, record: &'v Value) -> Vec<&'v Value> {
        let mut here = vec![record];
        for step in &self.0 {
            here = here.iter().flat_map(|value| inside(value, step)).collect();
        }
        here.retain(|value| !value.is_null());
        here
    }

    /// The steps.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The first step: what a store has to be asked for that keeps each by itself.
    #[must_use]
    pub fn head(&self) -> &str {
        self.0.first().map_or("", AsRef::as_ref)
    }
}

fn inside<'v>(value: &'v Value, step: &str) -> Vec<&'v Value> {
    match value {
        Value::Object(members) => members.get(step).into_iter().collect(),
        Value::Array(items) if step == "*" => items.iter().collect(),
        Value::Array(items) => {
            let at = step.parse::<usize>().ok();
            at.and_then(|at| items.get(at)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

const MOST_STEPS: usize = 16;

#[cfg(test)]
mod tests {
    use super::FieldPath;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_members_and_lists() {
        let record = json!({
            "passport": {"user": 17, "none": null},
            "roles": [{"name": "a"}, {"name": "b"}, {"other": 1}],
            "https://example.com/claims": {"id": "x"},
        });
        let cases = [
            ("passport.user", json!([17])),
            ("passport.none", json!([])),
            ("passport.user.more", json!([])),
            ("roles.1.name", json!(["b"])),
            ("roles.*.name", json!(["a", "b"])),
            ("roles.9.name", json!([])),
            ("missing", json!([])),
        ];
        for (path, expected) in cases {
            let path = FieldPath::parse(path).expect(path);
            assert_eq!(json!(path.all(&record)), expected, "{path}");
        }
        let dotted = FieldPath::of(["https://example.com/claims", "id"]).expect("a path");
        assert_eq!(dotted.find(&record), Some(&json!("x")));
    }

    #[test]
    fn a_path_has_between_one_and_sixteen_steps() {
        let long = vec!["a"; 17].join(".");
        for text in ["", ".", "a.", ".a", "a..b", &long] {
            assert_eq!(FieldPath::parse(text), None, "{text:?}");
        }
    }
}
