//! `Document`: a YAML text, its tree, and the way back from a node to its line.

use super::interpolate;
use super::secrecy::{self, Secrecy};
use super::syntax;
use super::tree::{Build, Node};
use crate::config::environment::Environment;
use crate::config::issue::{Excerpt, Issue, Severity};
use serde::de::DeserializeSeed;
use serde_yaml::Deserializer;
use std::cell::Cell;

/// One parsed file.
pub(crate) struct Document {
    name: String,
    text: String,
    root: Node,
    secrets: Vec<usize>,
    secrecy: Secrecy,
}

impl Document {
    /// Reads the tree; an empty file is an empty mapping.
    pub(crate) fn parse(name: &str, text: String, secrecy: Secrecy) -> Result<Self, Box<Issue>> {
        let counter = Cell::new(0);
        let root = Build::tree(&counter)
            .deserialize(Deserializer::from_str(&text))
            .map_err(|error| Box::new(syntax::issue(name, &text, &error, secrecy)))?;
        let secrets = secrecy::secret_nodes(&root);
        Ok(Self {
            name: name.to_owned(),
            text,
            root,
            secrets,
            secrecy,
        })
    }

    /// Replaces `${NAME}` in every scalar; gives the nodes where that fails, and why.
    pub(crate) fn interpolate(&mut self, environment: &dyn Environment) -> Vec<(usize, String)> {
        let mut faults = Vec::new();
        interpolate::expand_tree(&mut self.root, environment, &mut faults);
        faults
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The issue at the node or key with this number.
    pub(crate) fn issue(
        &self,
        severity: Severity,
        id: usize,
        message: String,
        help: Option<String>,
    ) -> Issue {
        let path = self.root.path_to(id).unwrap_or_default();
        let place = self.locate(id);
        Issue {
            severity,
            file: self.name.clone(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            path: path.strip_prefix('.').unwrap_or(&path).to_owned(),
            message,
            help,
            excerpt: place.and_then(|(line, column)| self.excerpt(line, column)),
        }
    }

    /// Line and column from 1, by parsing again up to the node.
    fn locate(&self, id: usize) -> Option<(usize, usize)> {
        let counter = Cell::new(0);
        let stopped = Build::until(&counter, id).deserialize(Deserializer::from_str(&self.text));
        let place = stopped.err()?.location()?;
        Some((place.line(), place.column()))
    }

    /// The line as it may be shown; `None` where that cannot be told.
    fn excerpt(&self, line: usize, column: usize) -> Option<Excerpt> {
        if self.secrecy == Secrecy::Everything {
            return None;
        }
        let source = self.text.lines().nth(line - 1)?;
        let mut hidden = Vec::new();
        for id in &self.secrets {
            let (secret_line, secret_column) = self.locate(*id)?;
            if secret_line == line {
                hidden.push(secret_column);
            } else if secret_line < line && self.reaches(*id, line) {
                return None;
            }
        }
        Some(secrecy::excerpt(source, column, &hidden))
    }

    /// Whether a value that starts above this line may go on in it: up to the next node, unless that starts the line.
    fn reaches(&self, id: usize, line: usize) -> bool {
        let Some((next_line, next_column)) = self.locate(id + 1) else {
            return true;
        };
        let source = self.text.lines().nth(line - 1).unwrap_or_default();
        let mut before = source.chars().take(next_column - 1);
        line < next_line || (line == next_line && before.any(|c| !" -{[".contains(c)))
    }
}
