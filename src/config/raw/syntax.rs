//! What the YAML parser complains of, in words.

use super::secrecy::{self, Secrecy};
use crate::config::issue::Issue;
use serde_yaml::Error;

/// The issue for a text that is not YAML.
pub(super) fn issue(name: &str, text: &str, error: &Error, secrecy: Secrecy) -> Issue {
    let complaint = error.to_string();
    let place = error.location().map(|at| (at.line(), at.column()));
    let opened = complaint.contains("while scanning a quoted scalar");
    let place = opening_place(&complaint).filter(|_| opened).or(place);
    let line = place.and_then(|(line, _)| text.lines().nth(line - 1));
    let (message, help) = in_words(&complaint, line.unwrap_or_default());
    let shown = place.filter(|(line, _)| secrecy == Secrecy::ByKey && showable(text, *line));
    Issue {
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        help: help.map(str::to_owned),
        excerpt: shown
            .zip(line)
            .map(|((_, column), line)| secrecy::excerpt(line, column, &[])),
        ..Issue::of_file(name, message)
    }
}

/// The second place a complaint names: where the thing that was never closed begins.
fn opening_place(complaint: &str) -> Option<(usize, usize)> {
    let (_, context) = complaint.rsplit_once(", while ")?;
    let (_, place) = context.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// Without a tree nobody knows which value the line belongs to: the line and its head up to the nearest key must be innocent.
fn showable(text: &str, line: usize) -> bool {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let head = lines
        .iter()
        .rposition(|line| line.contains(": "))
        .unwrap_or(0);
    let about = lines.get(head..).unwrap_or_default();
    !about
        .iter()
        .any(|line| secrecy::sounds_secret(line) || line.contains("://"))
}

fn in_words(complaint: &str, line: &str) -> (String, Option<&'static str>) {
    let indentation: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let (message, help) = match complaint {
        c if c.contains("cannot start any token") && indentation.contains('\t') => {
            ("a tab in the indentation", "YAML is indented with spaces")
        }
        c if c.contains("cannot start any token") => (
            "a value cannot start with this character",
            "put the value in quotes",
        ),
        c if c.contains("while scanning a quoted scalar") => {
            ("a quote is opened here and never closed", "close it")
        }
        c if c.contains("mapping values are not allowed") => (
            "a `:` does not belong here",
            "check the indentation; quote a value that holds `: `",
        ),
        _ if line.contains("[::") || line.contains("]:") => (
            "a list is opened here that does not end",
            "quote an IPv6 address: \"[::1]:8080\"",
        ),
        c if c.contains("did not find expected")
            && [": :", "[:", ", :"].iter().any(|head| line.contains(head)) =>
        {
            (
                "a `:` does not belong here",
                "between brackets, quote an address that starts with it: \":8080\"",
            )
        }
        c if c.contains("did not find expected") => (
            "the structure breaks here",
            "check the indentation, brackets and commas on this line and above",
        ),
        c if c.contains("more than one document") => (
            "the file holds more than one document",
            "remove the `---` lines",
        ),
        c if c.contains("invalid type: enum") => {
            ("a YAML tag (`!word`) means nothing here", "remove it")
        }
        c => return (format!("not YAML: {}", without_place(c)), None),
    };
    (message.to_owned(), Some(help))
}

/// Drops the parser's own path and position, which stand elsewhere.
fn without_place(complaint: &str) -> &str {
    complaint.split(" at line ").next().unwrap_or(complaint)
}
