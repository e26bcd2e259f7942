//! `Issue`: one fault of a configuration, with its place and its remedy. `Issues`: all of them at once.

use serde::Serialize;
use std::fmt;

/// One fault or warning. Serialised for `check --json`; `Display` is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// The file as it was named, or `<stdin>`.
    pub file: String,
    /// From 1; `None`: the file as a whole.
    pub line: Option<usize>,
    /// In characters, from 1.
    pub column: Option<usize>,
    /// Where in the mapping: `routes[1].upstream`. Empty for the whole.
    pub path: String,
    /// What is wrong. Quotes names, never values.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// The source line with secrets masked, and what to underline.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// What an issue does to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Refused.
    Error,
    /// Accepted.
    Warning,
}

/// A source line fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, secrets masked, tabs as single spaces.
    pub text: String,
    /// Characters before the underlined part.
    pub offset: usize,
    /// Underlined characters, at least one.
    pub width: usize,
}

impl Issue {
    /// A fault of the file as a whole.
    pub(super) fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: None,
            column: None,
            path: String::new(),
            message: message.into(),
            help: None,
            excerpt: None,
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.message)?;
        let help = self.help.as_deref().unwrap_or_default();
        let (Some(line), Some(column)) = (self.line, self.column) else {
            write!(f, "\n --> {}", self.file)?;
            return if help.is_empty() {
                Ok(())
            } else {
                write!(f, "\n  = {help}")
            };
        };
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        write!(f, "\n{gutter}--> {}:{line}:{column}", self.file)?;
        let Some(excerpt) = &self.excerpt else {
            return if help.is_empty() {
                Ok(())
            } else {
                write!(f, "\n{gutter} = {help}")
            };
        };
        write!(f, "\n{gutter} |\n{number} | {}", excerpt.text)?;
        let underline = format!(
            "{}{} {help}",
            " ".repeat(excerpt.offset),
            "^".repeat(excerpt.width)
        );
        write!(f, "\n{gutter} | {}", underline.trim_end())
    }
}

/// Every error of one reading, in the order of the file; at least one. Warnings wait until there are none: half of
/// them, such as an upstream that nothing uses, come of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Issues(Vec<Issue>);

impl Issues {
    /// The warnings, if nothing is worse.
    pub(super) fn check(mut found: Vec<Issue>) -> Result<Vec<Issue>, Self> {
        found.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        let (errors, warnings): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|issue| issue.severity == Severity::Error);
        if errors.is_empty() {
            Ok(warnings)
        } else {
            Err(Self(errors))
        }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Issue> {
        self.0.iter()
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl From<Issue> for Issues {
    fn from(issue: Issue) -> Self {
        Self(vec![issue])
    }
}

impl fmt::Display for Issues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, issue) in self.0.iter().enumerate() {
            let gap = if i == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{issue}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Issues {}
