//! `load` and `compile_text`: from YAML to a blueprint, or everything that is wrong with it.

use super::compile;
use super::effective;
use super::environment::Environment;
use super::issue::{Issue, Issues};
use super::raw::{Document, Secrecy};
use super::reading::Reading;
use crate::blueprint::Blueprint;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::fs;
use std::io::{self, Read};
use std::path::{self, Path};

/// A configuration that may run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The file as it was named, or `<stdin>`.
    pub name: String,
    /// What to open.
    pub blueprint: Blueprint,
    /// What to tell the operator; the file is accepted all the same.
    pub warnings: Vec<Issue>,
    /// The first 16 hex digits of the text's SHA-256: names this version of the file.
    pub hash: String,
    /// The configuration in force, defaults included, secrets as `<redacted>`.
    pub redacted: Value,
}

/// Reads a file; `-` is standard input. Relative paths in it start at its folder.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn load(path: &Path, environment: &dyn Environment) -> Result<Loaded, Issues> {
    let stdin = path == Path::new("-");
    let name = if stdin {
        "<stdin>".into()
    } else {
        path.to_string_lossy()
    };
    let text = if stdin {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let text = text.map_err(|error| Issue::of_file(&name, format!("cannot read it: {error}")))?;
    // Absolute: Pingora keeps a connection to a unix socket only under the very path that the peer is bound to.
    let file = path::absolute(path)
        .map_err(|error| Issue::of_file(&name, format!("cannot tell its folder: {error}")))?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    compile_text(&name, &text, folder, environment)
}

/// Compiles a text; `name` stands for the file in messages.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn compile_text(
    name: &str,
    text: &str,
    folder: &Path,
    environment: &dyn Environment,
) -> Result<Loaded, Issues> {
    let parsed = Document::parse(name, text.to_owned(), Secrecy::ByKey);
    let mut document = parsed.map_err(|issue| Issues::from(*issue))?;
    let faults = document.interpolate(environment);
    let mut reading = Reading::new(&document, environment, folder);
    reading.report_broken(faults);
    let blueprint = compile::blueprint(reading.root());
    let warnings = Issues::check(reading.into_issues())?;
    // A root that is no mapping was reported, so there is a blueprint here.
    let blueprint = blueprint.ok_or_else(|| Issue::of_file(name, "no configuration"))?;
    Ok(Loaded {
        name: name.to_owned(),
        redacted: effective::configuration(&blueprint),
        blueprint,
        warnings,
        hash: hash(text),
    })
}

fn hash(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let head = digest.as_ref().iter().take(8);
    head.map(|byte| format!("{byte:02x}")).collect()
}
