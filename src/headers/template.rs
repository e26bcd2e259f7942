//! `Template`: the value of a custom header, parsed at load into literal text and fields.

use super::attribute::AttrPath;
use super::field::Field;
use crate::store::{BrokenRecord, Session};
use std::fmt;
use thiserror::Error;

/// Literal text and fields, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Box<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    Field(Field),
    Attr(AttrPath),
}

/// Why a template is refused.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// A field that does not exist.
    #[error("unknown field `{field}`{}", hint(nearest))]
    UnknownField {
        /// As it was written.
        field: String,
        /// The field that was most likely meant.
        nearest: Option<&'static str>,
    },
    /// `{` without `}`.
    #[error("`{{` is not closed; write `{{{{` for a brace in the text")]
    Unclosed,
    /// `}` without `{`.
    #[error("`}}` closes nothing; write `}}}}` for a brace in the text")]
    Unopened,
    /// CR, LF, NUL and the like could end the header line.
    #[error("a control character cannot stand in a header")]
    Control,
}

impl Template {
    /// Parses literal text and fields in braces, `Bearer {attrs.key}`; `{{` and `}}` stand for the braces themselves.
    ///
    /// # Errors
    /// When a brace is unbalanced, a field unknown, or a control character in the text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.chars().any(char::is_control) {
            return Err(TemplateError::Control);
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, brace)) = cut_at_brace(rest) {
            literal.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else {
                let inside = brace.strip_prefix('{').ok_or(TemplateError::Unopened)?;
                let (field, after) = inside.split_once('}').ok_or(TemplateError::Unclosed)?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal).into()));
                }
                parts.push(Part::parse(field)?);
                rest = after;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.into()));
        }
        Ok(Self {
            parts: parts.into(),
        })
    }

    /// Whether the value is made of this field, spelled as in the template (`user.id`, `attrs.email`).
    #[must_use]
    pub fn mentions(&self, field: &str) -> bool {
        Part::parse(field).is_ok_and(|part| self.parts.contains(&part))
    }

    /// Appends the value for one session. `Ok(false)`: a field is missing, the header is not sent, and what was
    /// appended is to be thrown away.
    ///
    /// # Errors
    /// When a time cannot be written as RFC 3339.
    pub fn render(&self, session: &Session, out: &mut String) -> Result<bool, BrokenRecord> {
        for part in &self.parts {
            let present = match part {
                Part::Literal(text) => {
                    out.push_str(text);
                    true
                }
                Part::Field(field) => field.write(session, out)?,
                Part::Attr(path) => path.write(session, out),
            };
            if !present {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Literal(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Part::Field(field) => write!(f, "{{{}}}", field.name()),
            Part::Attr(path) => write!(f, "{{{path}}}"),
        })
    }
}

impl Part {
    fn parse(name: &str) -> Result<Self, TemplateError> {
        let attr = name.strip_prefix("attrs.").and_then(AttrPath::parse);
        attr.map(Self::Attr)
            .or_else(|| Field::named(name).map(Self::Field))
            .ok_or_else(|| TemplateError::UnknownField {
                field: name.to_owned(),
                nearest: nearest(name),
            })
    }
}

fn cut_at_brace(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(text.find(['{', '}'])?)
}

/// An example of the attribute syntax, for whoever wrote `{attr.email}` or `{attrs}`.
const ATTR_EXAMPLE: &str = "attrs.<name>";

fn nearest(name: &str) -> Option<&'static str> {
    let head = name.split('.').next().unwrap_or(name);
    if strsim::damerau_levenshtein(head, "attrs") <= 1 {
        return Some(ATTR_EXAMPLE);
    }
    let likeness = |field: Field| strsim::normalized_damerau_levenshtein(name.trim(), field.name());
    Field::ALL
        .into_iter()
        .max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)))
        .filter(|field| likeness(*field) >= 0.6)
        .map(Field::name)
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::{Template, TemplateError};
    use crate::headers::sample;

    fn render(text: &str) -> Option<String> {
        let mut out = String::new();
        let template = Template::parse(text).expect(text);
        let present = template.render(&sample::full(), &mut out).expect(text);
        present.then_some(out)
    }

    #[test]
    fn every_field_has_its_value() {
        let cases = [
            ("{user.id}", Some("u-17")),
            ("{user.verified}", Some("true")),
            ("{user.disabled}", Some("false")),
            ("{roles}", Some("user,admin")),
            ("{role}", Some("admin")),
            ("{identity.id}", Some("i-1")),
            ("{identity.type}", Some("password")),
            ("{identity.updated_at}", Some("2019-09-17T00:00:00.000Z")),
            ("{authenticator.id}", Some("a-1")),
            ("{authenticator.type}", Some("oob")),
            ("{authenticator.channel}", Some("sms")),
            (
                "{authenticator.updated_at}",
                Some("2019-09-17T00:05:00.123Z"),
            ),
            ("{created_at}", Some("2019-09-16T23:00:00.000Z")),
            ("{expires_at}", Some("2029-09-17T00:00:00.000Z")),
            ("{attrs.email}", Some("ann@example.com")),
            ("{attrs.missing}", None),
            (
                "id={user.id}; mail={attrs.email}",
                Some("id=u-17; mail=ann@example.com"),
            ),
            ("{user.id}{attrs.missing}", None),
            ("{{{user.id}}}", Some("{u-17}")),
            ("{{user.id}}", Some("{user.id}")),
            ("plain, naïve text", Some("plain, naïve text")),
            ("", Some("")),
        ];
        for (text, expected) in cases {
            assert_eq!(render(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_a_bare_session_lacks_is_missing() {
        for (name, present) in [
            ("user.id", true),
            ("user.verified", true),
            ("user.disabled", true),
            ("roles", false),
            ("role", false),
            ("identity.id", false),
            ("identity.type", false),
            ("identity.updated_at", false),
            ("authenticator.id", false),
            ("authenticator.type", false),
            ("authenticator.channel", false),
            ("authenticator.updated_at", false),
            ("created_at", false),
            ("expires_at", false),
        ] {
            let template = Template::parse(&format!("{{{name}}}")).expect(name);
            let rendered = template.render(&sample::bare(), &mut String::new());
            assert_eq!(rendered, Ok(present), "{name}");
        }
    }

    #[test]
    fn a_wrong_template_says_what_would_be_right() {
        let cases = [
            (
                "{user.idd}",
                "unknown field `user.idd`; did you mean `user.id`?",
            ),
            (
                "{user.verifid}",
                "unknown field `user.verifid`; did you mean `user.verified`?",
            ),
            (
                "{ user.id }",
                "unknown field ` user.id `; did you mean `user.id`?",
            ),
            (
                "{identity.updated}",
                "unknown field `identity.updated`; did you mean `identity.updated_at`?",
            ),
            (
                "{attr.email}",
                "unknown field `attr.email`; did you mean `attrs.<name>`?",
            ),
            (
                "{attrs.}",
                "unknown field `attrs.`; did you mean `attrs.<name>`?",
            ),
            (
                "{attrs.a..b}",
                "unknown field `attrs.a..b`; did you mean `attrs.<name>`?",
            ),
            ("{zzz}", "unknown field `zzz`"),
            ("{}", "unknown field ``"),
            (
                "{user.id",
                "`{` is not closed; write `{{` for a brace in the text",
            ),
            (
                "user.id}",
                "`}` closes nothing; write `}}` for a brace in the text",
            ),
            (
                "a\r\nX-Admin: 1",
                "a control character cannot stand in a header",
            ),
            ("a\u{85}b", "a control character cannot stand in a header"),
        ];
        for (text, message) in cases {
            let fault = Template::parse(text).expect_err(text);
            assert_eq!(fault.to_string(), message, "{text}");
        }
        assert_eq!(Template::parse("{{}"), Err(TemplateError::Unopened));
    }

    #[test]
    fn a_template_knows_its_fields() {
        let template = Template::parse("{role}:{attrs.team.name} user.id").expect("a template");
        for (field, mentioned) in [
            ("role", true),
            ("attrs.team.name", true),
            ("attrs.team", false),
            ("roles", false),
            ("user.id", false),
            ("nonsense", false),
        ] {
            assert_eq!(template.mentions(field), mentioned, "{field}");
        }
    }
}
