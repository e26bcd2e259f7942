//! `Idleness`: the end of a session whose framework computes it from the last use.

use super::path::FieldPath;
use super::value;
use crate::store::broken_record::BrokenRecord;
use crate::store::contract::{LookupError, NoSession};
use crate::token::{Flaw, FlawKind};
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

/// The session has ended a span after its last use. The framework writes both; nothing of ours is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idleness {
    /// When it was last used.
    pub last_used: FieldPath,
    /// How long it may be unused.
    pub span: IdleSpan,
}

/// How long a session may be unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdleSpan {
    /// The same for every session.
    Fixed(Duration),
    /// Seconds, in a field of the record; a negative number is no end at all.
    Field(FieldPath),
}

impl Idleness {
    /// The end; `None` for none.
    ///
    /// # Errors
    /// When a field is not what it has to be, or is missing: a session of which no end is known is not believed to have
    /// none. What Spring Session has deleted may leave such a hash behind (research/features.md F.1).
    pub(super) fn end(&self, record: &Value) -> Result<Option<OffsetDateTime>, LookupError> {
        let last_used = one(record, &self.last_used, value::time)?;
        let span = match &self.span {
            IdleSpan::Fixed(span) => *span,
            IdleSpan::Field(path) => {
                let seconds = one(record, path, value::whole_number)?;
                match u64::try_from(seconds) {
                    Ok(seconds) => Duration::from_secs(seconds),
                    Err(_) => return Ok(None),
                }
            }
        };
        let span = time::Duration::try_from(span).unwrap_or(time::Duration::MAX);
        Ok(last_used.checked_add(span))
    }
}

fn one<T>(
    record: &Value,
    path: &FieldPath,
    read: fn(&Value) -> Result<T, &'static str>,
) -> Result<T, LookupError> {
    let Some(value) = path.find(record) else {
        let detail = format!("the record has no `{path}` any more");
        return Err(NoSession::Flawed(Flaw::new(FlawKind::Expired, detail)).into());
    };
    read(value).map_err(|fault| BrokenRecord::new(path.to_string(), fault).into())
}
