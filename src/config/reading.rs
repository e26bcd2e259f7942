//! `Reading`: one pass over a document. Every reader reports what is wrong and gives `None`, so that one run shows every mistake.

use super::environment::Environment;
use super::issue::{Issue, Severity};
use super::keys::{self, Section};
use super::raw::{Document, Node, Yaml, shown_key};
use std::cell::RefCell;
use std::path::Path;

/// What a pass needs to know, and what it has found.
pub(super) struct Reading<'a> {
    document: &'a Document,
    pub(super) environment: &'a dyn Environment,
    /// Relative paths start here.
    pub(super) folder: &'a Path,
    issues: RefCell<Vec<Issue>>,
    /// Values that could not be interpolated: what is left of them deserves no second message.
    broken: Vec<usize>,
}

/// A node or key that can be pointed at.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) reading: &'a Reading<'a>,
    id: usize,
}

/// A word of the file and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    pub(super) place: Place<'a>,
}

/// A value, not yet read.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) place: Place<'a>,
    pub(super) node: &'a Node,
}

/// A mapping whose keys have been checked.
#[derive(Clone, Copy)]
pub(super) struct Mapping<'a> {
    pub(super) value: Value<'a>,
    section: Section,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        document: &'a Document,
        environment: &'a dyn Environment,
        folder: &'a Path,
    ) -> Self {
        Self {
            document,
            environment,
            folder,
            issues: RefCell::default(),
            broken: Vec::new(),
        }
    }

    /// Reports every value that could not be interpolated, and says no more about it.
    pub(super) fn report_broken(&mut self, faults: Vec<(usize, String)>) {
        for (id, fault) in faults {
            let help = "set it, or write ${NAME:-default}; `$$` is a dollar sign".to_owned();
            self.report(Severity::Error, id, fault, help);
            self.broken.push(id);
        }
    }

    /// The whole document.
    pub(super) fn root(&'a self) -> Value<'a> {
        Value::new(self, self.document.root())
    }

    /// Reports at a node or key.
    pub(super) fn report(&self, severity: Severity, id: usize, message: String, help: String) {
        if self.broken.contains(&id) {
            return;
        }
        let help = Some(help).filter(|help| !help.is_empty());
        let issue = self.document.issue(severity, id, message, help);
        self.adopt([issue]);
    }

    /// Takes over what another pass found.
    pub(super) fn adopt(&self, issues: impl IntoIterator<Item = Issue>) {
        self.issues.borrow_mut().extend(issues);
    }

    pub(super) fn into_issues(self) -> Vec<Issue> {
        self.issues.into_inner()
    }
}

impl Place<'_> {
    /// Reports an error here. The texts quote names, never values.
    pub(super) fn fault(&self, message: impl Into<String>, help: impl Into<String>) {
        let (message, help) = (message.into(), help.into());
        self.reading.report(Severity::Error, self.id, message, help);
    }

    /// Reports a warning here.
    pub(super) fn warn(&self, message: impl Into<String>, help: impl Into<String>) {
        let (message, help) = (message.into(), help.into());
        self.reading
            .report(Severity::Warning, self.id, message, help);
    }

    /// Reports that a known word is not served yet; whether it is one.
    pub(super) fn refuses_later(&self, place: &str, word: &str) -> bool {
        let Some(later) = keys::later(place, word) else {
            return false;
        };
        self.fault(
            format!(
                "`{word}` is not available in this version: {}",
                later.feature
            ),
            later.remedy,
        );
        true
    }
}

impl<'a> Value<'a> {
    fn new(reading: &'a Reading<'a>, node: &'a Node) -> Self {
        let place = Place {
            reading,
            id: node.id,
        };
        Self { place, node }
    }

    /// Reports an error at this value.
    pub(super) fn fault(&self, message: impl Into<String>, help: impl Into<String>) {
        self.place.fault(message, help);
    }

    /// Reports that this shape is not the one expected here.
    pub(super) fn expected(&self, what: &str, help: &str) {
        let shape = self.node.shape();
        self.fault(format!("expected {what}, found {shape}"), help);
    }

    pub(super) fn is_mapping(&self) -> bool {
        matches!(self.node.yaml, Yaml::Map(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.yaml, Yaml::List(_))
    }

    /// The elements of a list, or the value itself: scalars grow into lists.
    pub(super) fn items(self) -> Vec<Value<'a>> {
        match &self.node.yaml {
            Yaml::List(nodes) => nodes
                .iter()
                .map(|node| Value::new(self.place.reading, node))
                .collect(),
            _ => vec![self],
        }
    }

    /// The lines of a mapping whose keys are the user's own names; each name once.
    pub(super) fn named(self) -> Option<Vec<(Name<'a>, Value<'a>)>> {
        let reading = self.place.reading;
        let Yaml::Map(entries) = &self.node.yaml else {
            self.expected("a mapping", "lines of `name: value`, without a dash");
            return None;
        };
        let mut lines: Vec<(Name<'a>, Value<'a>)> = Vec::new();
        for entry in entries {
            let place = Place {
                reading,
                id: entry.key_id,
            };
            if lines.iter().any(|(name, _)| name.text == entry.key) {
                place.fault(
                    format!("`{}` stands here twice", shown_key(&entry.key)),
                    "remove one",
                );
                continue;
            }
            let text = &entry.key;
            lines.push((Name { text, place }, Value::new(reading, &entry.value)));
        }
        Some(lines)
    }

    /// A mapping of the format; nothing at all is an empty one. Reports every unknown, later and repeated key.
    pub(super) fn mapping(self, section: Section) -> Option<Mapping<'a>> {
        let mapping = Mapping {
            value: self,
            section,
        };
        if matches!(self.node.yaml, Yaml::Empty) {
            return Some(mapping);
        }
        let known_here = format!("known here: {}", section.keys.join(", "));
        if !self.is_mapping() {
            let help = format!("`key: value`, with a blank after the colon; {known_here}");
            self.expected("a mapping", &help);
            return None;
        }
        for (name, _) in self.named()? {
            let known = section.keys.contains(&name.text);
            if known || name.place.refuses_later(section.name, name.text) {
                continue;
            }
            let help = keys::nearest(name.text, section.keys.iter().copied())
                .unwrap_or_else(|| known_here.clone());
            let shown = shown_key(name.text);
            name.place.fault(format!("unknown key `{shown}`"), help);
        }
        Some(mapping)
    }
}

impl<'a> Mapping<'a> {
    /// The value of one of the section's keys.
    pub(super) fn get(&self, key: &'static str) -> Option<Value<'a>> {
        debug_assert!(self.section.keys.contains(&key), "{key} is in no table");
        let node = self.value.node.get(key)?;
        Some(Value::new(self.value.place.reading, node))
    }

    /// The mapping under a key.
    pub(super) fn section(&self, key: &'static str, section: Section) -> Option<Mapping<'a>> {
        self.get(key)?.mapping(section)
    }

    /// The value of a key that must be there. A misspelt one was reported already.
    pub(super) fn required(&self, key: &'static str, help: &str) -> Option<Value<'a>> {
        let found = self.get(key);
        if found.is_none() && !self.has_misspelt(key) {
            self.value.fault(format!("missing key `{key}`"), help);
        }
        found
    }

    /// Whether an unknown key is near enough to have been meant for this one.
    pub(super) fn has_misspelt(&self, key: &str) -> bool {
        let known = self.section.keys;
        let mut entries = self.value.node.entries().iter();
        entries.any(|entry| {
            let unknown = !known.contains(&entry.key.as_str());
            unknown && keys::nearest_word(&entry.key, known.iter().copied()) == Some(key)
        })
    }
}
