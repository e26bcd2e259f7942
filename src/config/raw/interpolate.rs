//! `${NAME}` and `${NAME:-default}` inside scalars, after parsing: a value can never become structure.

use super::tree::{Node, Yaml};
use crate::config::environment::Environment;
use std::borrow::Cow;
use thiserror::Error;

#[derive(Debug, PartialEq, Eq, Error)]
enum Fault {
    #[error("the variable `{0}` is not set and has no default")]
    Unset(String),
    #[error("a `${{` without its `}}`")]
    Unclosed,
    #[error("`{0}` is no variable name")]
    BadName(String),
}

/// Expands every scalar below; collects the number of each node that fails, and why.
pub(super) fn expand_tree(
    node: &mut Node,
    environment: &dyn Environment,
    faults: &mut Vec<(usize, String)>,
) {
    match &mut node.yaml {
        Yaml::Text { text, interpolated } => match expand(text, environment) {
            Ok(Cow::Borrowed(_)) => {}
            Ok(Cow::Owned(expanded)) => {
                *text = expanded;
                *interpolated = true;
            }
            Err(fault) => faults.push((node.id, fault.to_string())),
        },
        Yaml::List(items) => items
            .iter_mut()
            .for_each(|item| expand_tree(item, environment, faults)),
        Yaml::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| expand_tree(&mut entry.value, environment, faults)),
        Yaml::Empty | Yaml::Bool(_) | Yaml::Number(_) => {}
    }
}

/// `$$` is a dollar sign; a `$` before anything but `{` and `$` is one too.
fn expand<'t>(text: &'t str, environment: &dyn Environment) -> Result<Cow<'t, str>, Fault> {
    if !text.contains("${") && !text.contains("$$") {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = after.strip_prefix('{') {
            let (inner, after) = after.split_once('}').ok_or(Fault::Unclosed)?;
            out.push_str(&variable(inner, environment)?);
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

fn variable(inner: &str, environment: &dyn Environment) -> Result<String, Fault> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(legal) {
        return Err(Fault::BadName(name.to_owned()));
    }
    // As in a shell, `:-` also stands in for a variable that is set to nothing.
    let set = environment.variable(name);
    match (set, default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(Fault::Unset(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, expand};
    use crate::config::environment::FixedEnvironment;

    #[test]
    fn variables_defaults_and_dollar_signs() {
        let environment = FixedEnvironment::of(&[("PORT", "8080"), ("NONE", "")]);
        let cases = [
            ("plain $5", Ok("plain $5")),
            (":${PORT}", Ok(":8080")),
            ("${HOST:-127.0.0.1}:${PORT}", Ok("127.0.0.1:8080")),
            ("${NONE:-x}", Ok("x")),
            ("${NONE}", Ok("")),
            ("$${PORT} $$", Ok("${PORT} $")),
            ("${HOST}", Err(Fault::Unset("HOST".into()))),
            ("${PORT", Err(Fault::Unclosed)),
            ("${a b}", Err(Fault::BadName("a b".into()))),
        ];
        for (text, expected) in cases {
            let seen = expand(text, &environment).map(|value| value.into_owned());
            assert_eq!(seen, expected.map(str::to_owned), "{text}");
        }
    }
}
