//! From an answer whose status means one to a session.

use super::answer_map::{AnswerMap, AnswerPlace};
use super::header_record;
use crate::fetch::FetchResponse;
use crate::store::contract::{LookupError, StoreError, StoreFault};
use crate::store::session::Session;
use crate::strict_json;
use serde_json::Value;

/// Reads an answer; `None`: it says that there is no session.
///
/// # Errors
/// [`LookupError::Broken`] when it says something of a session that cannot be used (R2), [`LookupError::Store`] when it
/// is no answer to the question at all, such as a page for people.
pub(super) fn read(
    answer: &FetchResponse,
    map: &AnswerMap,
) -> Result<Option<Session>, LookupError> {
    let record = match map.place {
        AnswerPlace::Headers => header_record::of(&answer.headers, map)?,
        AnswerPlace::Body => match strict_json::parse(&answer.body) {
            Ok(record @ Value::Object(_)) => record,
            Ok(_) => return Err(unusable("the answer is no JSON object".to_owned())),
            Err(error) => return Err(unusable(format!("the answer is not strict JSON: {error}"))),
        },
    };
    Ok(map.read(&record)?)
}

fn unusable(detail: String) -> LookupError {
    LookupError::Store(StoreError {
        kind: StoreFault::Unavailable,
        detail: detail.into(),
    })
}
