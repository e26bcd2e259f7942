//! The room as a whole: what a file becomes, and what is said of a bad one.

mod assertion;
mod body_tokens;
mod examples;
mod good;
mod http;
mod messages;
mod refusals;
mod secrecy;
mod tokens;

use super::compile_text;
use super::environment::FixedEnvironment;
use super::issue::{Issue, Issues};
use super::load::Loaded;
use std::path::Path;

fn compile(text: &str) -> Result<Loaded, Issues> {
    compile_in(text, &[])
}

fn compile_in(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, Issues> {
    let environment = FixedEnvironment::of(variables);
    compile_text("config.yaml", text, Path::new("/etc/gate"), &environment)
}

fn good(text: &str) -> Loaded {
    compile(text).unwrap_or_else(|issues| panic!("{text}\n{issues}"))
}

/// What is printed for a bad file.
fn said(text: &str) -> String {
    match compile(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(issues) => issues.to_string(),
    }
}

/// An issue on one line, without its excerpt.
fn line(issue: &Issue) -> String {
    let place = issue.line.zip(issue.column);
    let (line, column) = place.unwrap_or_default();
    let help = issue.help.as_deref().unwrap_or_default();
    let Issue { path, message, .. } = issue;
    format!("{line}:{column} {path}: {message} [{help}]")
}
