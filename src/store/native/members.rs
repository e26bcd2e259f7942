//! `Members`: one JSON object of a record, taken apart field by field; every fault names its dotted path.

use crate::store::broken_record::BrokenRecord;
use crate::store::text_rule::TextRule;
use crate::strict_json::Node;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::mem;
use std::time::Duration;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// The members; one that was taken is `null` from then on. What nobody takes is ignored (design section 6).
pub(super) struct Members<'t> {
    /// Prefix of the dotted path, with its dot; empty at the top.
    path: String,
    members: Vec<(Cow<'t, str>, Node<'t>)>,
}

impl<'t> Members<'t> {
    /// The record itself.
    pub(super) fn of_record(node: Node<'t>) -> Result<Self, BrokenRecord> {
        let Node::Object(members) = node else {
            return Err(BrokenRecord::new("record", "not a JSON object"));
        };
        Ok(Self {
            path: String::new(),
            members,
        })
    }

    /// A broken field of this object.
    pub(super) fn broken(&self, name: &str, fault: &'static str) -> BrokenRecord {
        BrokenRecord::new(format!("{}{name}", self.path), fault)
    }

    /// A member's value; `null` counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Node<'t>> {
        let mut members = self.members.iter_mut();
        let (_, node) = members.find(|(known, _)| known == name)?;
        Some(mem::take(node)).filter(|node| *node != Node::Null)
    }

    /// An object inside this one.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, BrokenRecord> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Object(members)) => Ok(Some(Self {
                path: [&self.path, name, "."].concat(),
                members,
            })),
            Some(_) => Err(self.broken(name, "not a JSON object")),
        }
    }

    /// Every member there is, as it stands.
    pub(super) fn into_map(self) -> Map<String, Value> {
        let members = self.members.into_iter();
        members
            .map(|(name, node)| (name.into_owned(), node.into()))
            .collect()
    }

    /// A text that obeys a rule.
    pub(super) fn text(
        &mut self,
        name: &str,
        rule: TextRule,
    ) -> Result<Option<String>, BrokenRecord> {
        let Some(text) = self.string(name)? else {
            return Ok(None);
        };
        if rule.holds(&text) {
            Ok(Some(text.into_owned()))
        } else {
            Err(self.broken(name, rule.fault()))
        }
    }

    /// A list of texts that obey a rule; empty when absent.
    pub(super) fn texts(
        &mut self,
        name: &str,
        rule: TextRule,
        max: usize,
    ) -> Result<Vec<String>, BrokenRecord> {
        let items = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Node::List(items)) if items.len() <= max => items,
            Some(Node::List(_)) => return Err(self.broken(name, "too many entries")),
            Some(_) => return Err(self.broken(name, "not a list")),
        };
        items
            .into_iter()
            .enumerate()
            .map(|(at, item)| match item {
                Node::Text(text) if rule.holds(&text) => Ok(text.into_owned()),
                Node::Text(_) => Err(self.broken(&format!("{name}.{at}"), rule.fault())),
                _ => Err(self.broken(&format!("{name}.{at}"), NOT_A_STRING)),
            })
            .collect()
    }

    /// An id: a text, or a whole number from 0 on, read as its decimal digits.
    pub(super) fn id(&mut self, name: &str) -> Result<String, BrokenRecord> {
        let mut members = self.members.iter();
        if let Some((_, Node::Number(number))) = members.find(|(known, _)| known == name)
            && let Some(number) = number.as_u64()
        {
            return Ok(number.to_string());
        }
        let id = self.text(name, TextRule::Id)?;
        id.ok_or_else(|| self.broken(name, "missing"))
    }

    /// `true` or `false`; false when absent.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, BrokenRecord> {
        match self.take(name) {
            None => Ok(false),
            Some(Node::Flag(flag)) => Ok(flag),
            Some(_) => Err(self.broken(name, "not true or false")),
        }
    }

    /// An RFC 3339 time of any offset and precision, moved to UTC.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<OffsetDateTime>, BrokenRecord> {
        let Some(text) = self.string(name)? else {
            return Ok(None);
        };
        OffsetDateTime::parse(&text, &Rfc3339)
            .ok()
            .and_then(|at| at.checked_to_offset(UtcOffset::UTC))
            .map(Some)
            .ok_or_else(|| self.broken(name, "not an RFC 3339 time"))
    }

    /// A span such as `30m`: a whole number and one of `ms s m h d`.
    pub(super) fn span(&mut self, name: &str) -> Result<Option<Duration>, BrokenRecord> {
        let Some(text) = self.string(name)? else {
            return Ok(None);
        };
        parse_span(&text)
            .map(Some)
            .ok_or_else(|| self.broken(name, "not a duration such as 30m (units ms, s, m, h, d)"))
    }

    fn string(&mut self, name: &str) -> Result<Option<Cow<'t, str>>, BrokenRecord> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.broken(name, NOT_A_STRING)),
        }
    }
}

/// `None` for zero too: a session that is always idle for too long is a mistake, not a wish.
pub(crate) fn parse_span(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(unit_at);
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let span_ms = digits.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    (span_ms > 0).then(|| Duration::from_millis(span_ms))
}

const NOT_A_STRING: &str = "not a string";
