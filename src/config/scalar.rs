//! How a `Value` is read as one thing: text, a number, a quantity, a word of a list, a path.

use super::keys;
use super::raw::Yaml;
use super::reading::{Mapping, Value};
use super::units::{self, UnitError};
use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

impl<'a> Value<'a> {
    /// Text that is not empty.
    pub(super) fn text(self) -> Option<&'a str> {
        let help = match &self.node.yaml {
            Yaml::Bool(_) | Yaml::Number(_) => "put it in quotes",
            _ => "",
        };
        self.text_such_as(help)
    }

    /// Text that is not empty; `help` says what would be right.
    pub(super) fn text_such_as(self, help: &str) -> Option<&'a str> {
        match &self.node.yaml {
            Yaml::Text { text, .. } if text.is_empty() => {
                self.fault("expected text, found an empty one", help);
                None
            }
            Yaml::Text { text, .. } => Some(text),
            _ => {
                self.expected("text", help);
                None
            }
        }
    }

    /// Whether `${NAME}` put the text there, so that the file itself does not hold it.
    pub(super) fn is_interpolated(self) -> bool {
        let Yaml::Text { interpolated, .. } = &self.node.yaml else {
            return false;
        };
        *interpolated
    }

    /// Text of a form that has its own parser.
    pub(super) fn parsed<T, E: Display>(
        self,
        help: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        parse(self.text_such_as(help)?)
            .inspect_err(|fault| self.fault(fault.to_string(), help))
            .ok()
    }

    /// A quantity, zero included.
    pub(super) fn duration(self) -> Option<Duration> {
        self.quantity(UnitError::Duration, units::duration)
    }

    /// A quantity of time in which something can happen.
    pub(super) fn timeout(self) -> Option<Duration> {
        let span = self.duration()?;
        if span.is_zero() {
            self.fault("a time limit of zero lets nothing happen", "at least `1ms`");
            return None;
        }
        Some(span)
    }

    /// A size in bytes.
    pub(super) fn bytes(self) -> Option<u64> {
        self.quantity(UnitError::Bytes, units::bytes)
    }

    /// A size, or `none` for no limit.
    pub(super) fn bytes_or_none(self) -> Option<Option<u64>> {
        match &self.node.yaml {
            Yaml::Text { text, .. } if text == "none" => Some(None),
            _ => self
                .quantity(UnitError::BytesOrNone, |text| {
                    units::bytes(text).map_err(|_| UnitError::BytesOrNone)
                })
                .map(Some),
        }
    }

    /// A whole number within bounds, both included.
    pub(super) fn count(self, least: u64, most: u64) -> Option<u64> {
        let number = self.quantity(UnitError::Count, units::count)?;
        if (least..=most).contains(&number) {
            return Some(number);
        }
        self.fault("out of range", format!("from {least} to {most}"));
        None
    }

    fn quantity<T>(self, fault: UnitError, parse: fn(&str) -> Result<T, UnitError>) -> Option<T> {
        let seen = match &self.node.yaml {
            Yaml::Text { text, .. } => parse(text),
            Yaml::Number(number) => parse(&number.to_string()),
            _ => Err(fault),
        };
        seen.inspect_err(|fault| self.fault(fault.to_string(), fault.help()))
            .ok()
    }

    /// `true` or `false`.
    pub(super) fn boolean(self) -> Option<bool> {
        match &self.node.yaml {
            Yaml::Bool(value) => Some(*value),
            Yaml::Text { text, .. } if self.is_interpolated() && text == "true" => Some(true),
            Yaml::Text { text, .. } if self.is_interpolated() && text == "false" => Some(false),
            _ => {
                self.expected("`true` or `false`", "without quotes");
                None
            }
        }
    }

    /// One of the words of `setting`.
    pub(super) fn choice<T: Copy>(self, setting: &str, words: &[(&'static str, T)]) -> Option<T> {
        self.choice_or(setting, words, None)
    }

    /// One of the words of `setting`, which has a long form too; the help shows it.
    pub(super) fn choice_or<T: Copy>(
        self,
        setting: &str,
        words: &[(&'static str, T)],
        long_form: Option<&str>,
    ) -> Option<T> {
        let known = words.iter().map(|(word, _)| *word).chain(long_form);
        let one_of = format!("one of: {}", known.collect::<Vec<_>>().join(", "));
        let text = self.text_such_as(&one_of)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        if !self.place.refuses_later(setting, text) {
            let help = keys::nearest(text, words.iter().map(|(word, _)| *word)).unwrap_or(one_of);
            self.fault(format!("no such value for `{setting}`"), help);
        }
        None
    }

    /// A file name; a relative one starts at the configuration's folder.
    pub(super) fn path(self) -> Option<PathBuf> {
        Some(self.place.reading.folder.join(self.text()?))
    }
}

impl Mapping<'_> {
    /// One of the words of a key.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        self.get(key)?.choice(key, words)
    }

    /// Reads each time limit that is given into its place.
    pub(super) fn timeouts<const N: usize>(&self, fields: [(&'static str, &mut Duration); N]) {
        for (key, field) in fields {
            if let Some(span) = self.get(key).and_then(Value::timeout) {
                *field = span;
            }
        }
    }
}
