//! Tokens in JSON (RFC 8259), found without building the document.

use super::agree::{Found, agree};
use super::field::JsonPath;
use crate::token::unusable::Unusable;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The token at the path; `None` where no member stands there. Whatever stands in front of it or behind it, a body
/// that is not one JSON text is malformed: another reader might find a token in it. Every member counts that a repeated
/// name leads to.
pub(in crate::token) fn find(body: &[u8], path: &JsonPath) -> Found {
    let mut found = None;
    let walk = Walk {
        path: path.names(),
        found: &mut found,
    };
    if read(body, walk).is_none() {
        return Some(Err(Unusable::Malformed));
    }
    found
}

fn read(body: &[u8], walk: Walk<'_, '_>) -> Option<()> {
    let text = str::from_utf8(body).ok()?;
    let mut document = serde_json::Deserializer::from_str(text);
    walk.deserialize(&mut document).ok()?;
    document.end().ok()
}

/// Goes down the path and notes what stands at its end.
struct Walk<'p, 'f> {
    path: &'p [Box<str>],
    found: &'f mut Found,
}

impl Walk<'_, '_> {
    /// A value that is no object.
    fn note(self, text: Option<&str>) {
        if self.path.is_empty() {
            agree(self.found, text);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<(), M::Error> {
        let Some((name, rest)) = self.path.split_first() else {
            agree(self.found, None);
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        while let Some(is_named) = members.next_key_seed(Is(name))? {
            if is_named {
                let found = &mut *self.found;
                members.next_value_seed(Walk { path: rest, found })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        self.note(None);
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.note(Some(text));
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    /// `null`.
    fn visit_unit<E>(self) -> Result<(), E> {
        self.note(None);
        Ok(())
    }
}

/// Whether a member has this name, however it is escaped.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<bool, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::token::Unusable::{Ambiguous, Malformed};
    use crate::token::body::JsonPath;
    use crate::token::body::agree::Found;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn path(names: &[&str]) -> JsonPath {
        JsonPath::new(names.iter().copied()).expect("a path")
    }

    fn token(text: &str) -> Found {
        Some(Ok(text.to_owned()))
    }

    #[test]
    fn a_member_is_found_or_named_as_broken() {
        let malformed = || Some(Err(Malformed));
        let ambiguous = || Some(Err(Ambiguous));
        let cases: [(&[u8], Found); 38] = [
            (b"{}", None),
            (b"[]", None),
            (b"1", None),
            (b"\"token\"", None),
            (b"[{\"token\":\"abc\"}]", None),
            (b"{\"Token\":\"abc\"}", None),
            (b"{\"a\":{\"token\":\"abc\"}}", None),
            (b"{\"token\":\"abc\"}", token("abc")),
            (
                b" {\"a\":[1,{\"token\":2}],\"token\" : \"abc\",\"b\":null} \n",
                token("abc"),
            ),
            (b"{\"to\\u006ben\":\"\\u0061bc\"}", token("abc")),
            (b"{\"token\":\"a\\/b\"}", token("a/b")),
            (b"{\"token\":\"abc\",\"token\":\"abc\"}", token("abc")),
            (b"{\"token\":\"abc\",\"token\":\"abd\"}", ambiguous()),
            (b"{\"token\":\"abc\",\"t\\u006fken\":\"abd\"}", ambiguous()),
            (b"{\"token\":\"abc\",\"token\":null}", ambiguous()),
            (b"{\"token\":\"\"}", malformed()),
            (b"{\"token\":\"a b\"}", malformed()),
            (b"{\"token\":\"a\\u0000\"}", malformed()),
            (b"{\"token\":\"\xc3\xa9\"}", malformed()),
            (b"{\"token\":null}", malformed()),
            (b"{\"token\":true}", malformed()),
            (b"{\"token\":1}", malformed()),
            (b"{\"token\":-1}", malformed()),
            (b"{\"token\":1.5e3}", malformed()),
            (b"{\"token\":[\"abc\"]}", malformed()),
            (b"{\"token\":{\"token\":\"abc\"}}", malformed()),
            (b"{\"token\":\"abc\"", malformed()),
            (b"{\"token\":\"abc\"}}", malformed()),
            (b"{\"token\":\"abc\"}{}", malformed()),
            (b"{\"token\":\"abc\",}", malformed()),
            (b"{token:\"abc\"}", malformed()),
            (b"{'token':'abc'}", malformed()),
            (b"{\"a\":NaN}", malformed()),
            (b"token=abc", malformed()),
            (b"\xef\xbb\xbf{\"token\":\"abc\"}", malformed()),
            (b"{\"a\":\"\xff\"}", malformed()),
            (b"{\"token\":\"\\ud800\"}", malformed()),
            (b" ", malformed()),
        ];
        for (body, expected) in cases {
            let found = find(body, &path(&["token"]));
            assert_eq!(found, expected, "{}", body.escape_ascii());
        }
    }

    #[test]
    fn a_path_leads_through_objects_alone() {
        let cases: [(&str, Found); 9] = [
            (r#"{"auth":{"token":"abc"}}"#, token("abc")),
            (
                r#"{"token":"x","auth":{"a":{"token":"y"},"token":"abc"}}"#,
                token("abc"),
            ),
            (r#"{"auth":{"token":"abc"},"auth":{}}"#, token("abc")),
            (
                r#"{"auth":{"token":"abc"},"auth":{"token":"abd"}}"#,
                Some(Err(Ambiguous)),
            ),
            (r#"{"auth":"abc"}"#, None),
            (r#"{"auth":null}"#, None),
            (r#"{"auth":[{"token":"abc"}]}"#, None),
            (r#"{"auth.token":"abc"}"#, None),
            (r#"{"auth":{"token":{}}}"#, Some(Err(Malformed))),
        ];
        for (body, expected) in cases {
            assert_eq!(
                find(body.as_bytes(), &path(&["auth", "token"])),
                expected,
                "{body}"
            );
        }
        let dotted = find(br#"{"auth.token":"abc"}"#, &path(&["auth.token"]));
        assert_eq!(dotted, token("abc"));
    }

    #[test]
    fn a_deep_document_costs_no_stack() {
        let deep = [
            "{\"a\":",
            &"[".repeat(60_000),
            &"]".repeat(60_000),
            ",\"token\":\"abc\"}",
        ]
        .concat();
        assert_eq!(find(deep.as_bytes(), &path(&["token"])), token("abc"));
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("(a|t|\\PC)", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = find(&body, &path(&["t"]));
        }

        #[test]
        fn what_is_found_is_what_a_parser_finds(document in document()) {
            let text = document.to_string();
            let found = find(text.as_bytes(), &path(&["a", "t"]));
            let value = document.get("a").and_then(|inner| inner.get("t"));
            let is_token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            let expected = value.map(|value| {
                value.as_str().filter(|text| is_token(text)).map(str::to_owned).ok_or(Malformed)
            });
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_token_among_anything_is_found(document in document(), shown in "[!-~]{1,20}") {
            let body = json!({"a": document, "t": shown, "z": document}).to_string();
            prop_assert_eq!(find(body.as_bytes(), &path(&["t"])), Some(Ok(shown)));
        }
    }
}
