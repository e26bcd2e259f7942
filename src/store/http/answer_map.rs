//! `AnswerMap`: where in an answer it stands whether the session is valid, and whose it is.

use crate::store::broken_record::BrokenRecord;
use crate::store::foreign::{FieldMap, FieldPath};
use crate::store::session::Session;
use serde_json::Value;

/// How an answer becomes a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerMap {
    /// Of headers a path is the name alone, in lower case.
    pub place: AnswerPlace,
    /// A flag: `true` for a valid session.
    pub valid: Option<FieldPath>,
    /// What it means when the flag is not there.
    pub unsaid: Unsaid,
    /// The fields.
    pub fields: FieldMap,
}

/// Which part of an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerPlace {
    /// Its headers.
    Headers,
    /// Its body, which is JSON.
    Body,
}

/// What an answer means that does not say whether the session is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// There is none.
    Invalid,
    /// It is valid if it names a user.
    NamesUser,
    /// Such an answer is broken.
    Broken,
}

impl AnswerMap {
    /// Makes a session of the record in an answer; `None` if that says there is none, or names no user.
    ///
    /// # Errors
    /// When the record is not what it has to be (R2), above all when it vouches for a user that it does not name.
    pub(super) fn read(&self, record: &Value) -> Result<Option<Session>, BrokenRecord> {
        let Some(path) = &self.valid else {
            return self.fields.read(record);
        };
        let broken = |fault| BrokenRecord::new(path.to_string(), fault);
        match path.find(record) {
            Some(flag) => {
                if !is_true(flag).ok_or_else(|| broken("neither true nor false"))? {
                    return Ok(None);
                }
                let session = self.fields.read(record)?;
                session.map(Some).ok_or_else(|| broken(NOBODY))
            }
            None => match self.unsaid {
                Unsaid::Invalid => Ok(None),
                Unsaid::NamesUser => self.fields.read(record),
                Unsaid::Broken => Err(broken("missing")),
            },
        }
    }
}

fn is_true(flag: &Value) -> Option<bool> {
    match flag {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

const NOBODY: &str = "says that there is a session, and no user is named";
