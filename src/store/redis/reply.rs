//! From the replies to `GETRANGE`, `HMGET` and `PTTL` to a session, an absence, or what is wrong.

use super::fault::{fault, refusal};
use crate::clock::UnixMillis;
use crate::store::broken_record::BrokenRecord;
use crate::store::contract::{LookupError, StoreError, StoreFault};
use crate::store::foreign::{RawRecord, RecordFormat};
use crate::store::own_keys;
use crate::store::session::StoredSession;
use crate::store::user_mark::{self, UserMark};
use crate::token::TokenDigest;
use redis::{Cmd, Pipeline, Value, cmd, pipe};
use std::time::Duration;

/// Reads a record, its remaining life, and whether it is revoked by its name, in one round trip. `GETRANGE` bounds the
/// reply to one byte more than a record may have, whatever lies under the key (R15), and answers an absent key with an empty
/// string. Fields of a hash are measured before, with [`size_question`].
pub(super) fn question(key: &str, session: TokenDigest, format: &RecordFormat) -> Pipeline {
    let mut question = Pipeline::with_capacity(3);
    question.add_command(match format.hash_fields() {
        // The byte at this offset is one more than the format takes.
        None => get(key, format.max_bytes()),
        Some(fields) => {
            let mut read = cmd("HMGET");
            read.arg(key).arg(fields);
            read
        }
    });
    let mut life = Cmd::with_capacity(2, WORD + key.len());
    life.arg("PTTL").arg(key);
    question.add_command(life);
    question.add_command(get(&own_keys::revoked_session(session.sid()), 0));
    question
}

/// Reads what lies under a key up to the byte at an offset.
fn get(key: &str, last: usize) -> Cmd {
    // At once for all of it.
    let mut read = Cmd::with_capacity(4, WORD + key.len() + 2 * OFFSET);
    read.arg("GETRANGE").arg(key).arg(0).arg(last);
    read
}

/// Asks how long those fields of a hash are that [`question`] reads: no command reads a part of one. `None` for records
/// that are no hash.
pub(super) fn size_question(key: &str, format: &RecordFormat) -> Option<Pipeline> {
    let fields = format.hash_fields()?;
    let mut question = pipe();
    for field in fields {
        question.cmd("HSTRLEN").arg(key).arg(field);
    }
    Some(question)
}

/// Understands the replies to [`size_question`].
///
/// # Errors
/// As [`answer`]; a hash that is larger than a record may be is broken.
pub(super) fn fits(replies: Vec<Value>, format: &RecordFormat) -> Result<(), LookupError> {
    let mut left = format.max_bytes();
    for reply in replies {
        let length = match reply {
            Value::Int(length) => usize::try_from(length).map_err(|_| out_of_protocol())?,
            refused => return bytes_of(refused, "record").and(Err(out_of_protocol().into())),
        };
        left = left
            .checked_sub(length)
            .ok_or_else(|| BrokenRecord::new("record", "larger than 64 KiB"))?;
    }
    Ok(())
}

/// Asks whether a session whose record is not here is revoked, by its name or as the signed token that it is.
pub(super) fn revoked_question(session: TokenDigest, token_id: Option<&str>) -> Pipeline {
    let mut question = Pipeline::with_capacity(2);
    question.add_command(get(&own_keys::revoked_session(session.sid()), 0));
    if let Some(id) = token_id {
        question.add_command(get(&own_keys::revoked(id), 0));
    }
    question
}

/// Understands the replies to [`revoked_question`].
///
/// # Errors
/// As [`answer`].
pub(super) fn revoked_answer(replies: Vec<Value>) -> Result<bool, LookupError> {
    replies.into_iter().try_fold(false, |is_revoked, reply| {
        Ok(is_revoked | !bytes_of(reply, "revoked")?.is_empty())
    })
}

/// Reads when a session was last used.
pub(super) fn seen_question(session: TokenDigest) -> Pipeline {
    let mut question = Pipeline::with_capacity(1);
    question.add_command(get(&own_keys::seen(session), TIME_DIGITS));
    question
}

/// Understands the reply to [`seen_question`].
///
/// # Errors
/// As [`answer`].
pub(super) fn seen_answer(replies: Vec<Value>) -> Result<Option<UnixMillis>, LookupError> {
    let [seen] = <[Value; 1]>::try_from(replies).map_err(|_| out_of_protocol())?;
    Ok(last_seen(&bytes_of(seen, "seen")?)?)
}

/// Reads the mark of a user.
pub(super) fn user_question(user_id: &str) -> Pipeline {
    let mut question = Pipeline::with_capacity(1);
    question.add_command(get(&own_keys::user(user_id), user_mark::MAX_BYTES));
    question
}

/// Understands the reply to [`user_question`].
///
/// # Errors
/// As [`answer`].
pub(super) fn user_answer(replies: Vec<Value>) -> Result<UserMark, LookupError> {
    let [mark] = <[Value; 1]>::try_from(replies).map_err(|_| out_of_protocol())?;
    Ok(UserMark::decode(&bytes_of(mark, "user")?)?)
}

/// Understands the replies. `asked_at` must be no later than the sending: then the end is never too late (R8).
///
/// # Errors
/// [`LookupError::Broken`] for a record that cannot be used, [`LookupError::Store`] for a refusal.
pub(super) fn answer(
    replies: Vec<Value>,
    session: TokenDigest,
    format: &RecordFormat,
    asked_at: UnixMillis,
) -> Result<Option<StoredSession>, LookupError> {
    let [record, life, revoked] = <[Value; 3]>::try_from(replies).map_err(|_| out_of_protocol())?;
    let record = record_of(record, format)?;
    let store_expires_at = match life {
        Value::Int(GONE) => return Ok(None),
        Value::Int(ENDLESS) => None,
        Value::Int(left_ms) => {
            let left_ms = u64::try_from(left_ms).map_err(|_| out_of_protocol())?;
            Some(asked_at.after(Duration::from_millis(left_ms)))
        }
        Value::ServerError(error) => return Err(refusal(error.code()).into()),
        _ => return Err(out_of_protocol().into()),
    };
    Ok(Some(StoredSession {
        session: format.read(&record, session)?,
        store_expires_at,
        last_seen: None,
        is_revoked: !bytes_of(revoked, "revoked")?.is_empty(),
        carried: None,
        trust_for: None,
    }))
}

fn record_of(reply: Value, format: &RecordFormat) -> Result<RawRecord, LookupError> {
    let (Some(fields), Value::Array(values)) = (format.hash_fields(), &reply) else {
        return Ok(RawRecord::Text(bytes_of(reply, "record")?));
    };
    let there = fields.into_iter().zip(values);
    let there = there.filter_map(|(name, value)| match value {
        Value::BulkString(bytes) => Some((name, bytes.clone())),
        _ => None,
    });
    Ok(RawRecord::Hash(there.collect()))
}

fn last_seen(text: &[u8]) -> Result<Option<UnixMillis>, BrokenRecord> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = str::from_utf8(text).ok();
    let at = digits
        .and_then(|digits| digits.parse().ok())
        .map(UnixMillis);
    let broken = || BrokenRecord::new("seen", "not a time in Unix milliseconds");
    at.map(Some).ok_or_else(broken)
}

fn bytes_of(reply: Value, what: &'static str) -> Result<Vec<u8>, LookupError> {
    match reply {
        Value::BulkString(bytes) => Ok(bytes),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => {
            Err(BrokenRecord::new(what, "of another kind: the key holds another Redis type").into())
        }
        Value::ServerError(error) => Err(refusal(error.code()).into()),
        _ => Err(out_of_protocol().into()),
    }
}

fn out_of_protocol() -> StoreError {
    fault(StoreFault::Unavailable, "not a reply that Redis would give")
}

/// Bytes of the longest command.
const WORD: usize = 8;
/// Bytes of the greatest offset.
const OFFSET: usize = 8;

/// No time has so many digits.
const TIME_DIGITS: usize = 20;

/// `PTTL` of a key that is not there, or no longer.
const GONE: i64 = -2;

/// `PTTL` of a key without an end.
const ENDLESS: i64 = -1;

#[cfg(test)]
mod tests {
    use super::{RecordFormat, answer, revoked_answer, seen_answer};
    use crate::clock::UnixMillis;
    use crate::store::contract::{LookupError, StoreFault};
    use crate::store::session::StoredSession;
    use crate::token::TokenDigest;
    use redis::{Value, parse_redis_value};

    const RECORD: &str = "$21\r\n{\"v\":1,\"user_id\":\"u\"}\r\n";
    const NOTHING: &str = "$0\r\n\r\n";
    const WRONGTYPE: &str =
        "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

    fn answer_native(
        replies: Vec<Value>,
        asked_at: UnixMillis,
    ) -> Result<Option<StoredSession>, LookupError> {
        answer(
            replies,
            TokenDigest::of("t"),
            &RecordFormat::Native,
            asked_at,
        )
    }

    #[test]
    fn a_session_ends_when_its_key_does() {
        let cases = [
            ("absent", "$0\r\n\r\n", ":-2\r\n", None),
            ("expired between the two", RECORD, ":-2\r\n", None),
            ("without end", RECORD, ":-1\r\n", Some(None)),
            (
                "last millisecond",
                RECORD,
                ":0\r\n",
                Some(Some(UnixMillis(1_000))),
            ),
            (
                "two seconds",
                RECORD,
                ":2000\r\n",
                Some(Some(UnixMillis(3_000))),
            ),
        ];
        for (name, record, life, expected) in cases {
            let said = [record, life, NOTHING];
            let found = answer_native(replies(&said), UnixMillis(1_000)).expect(name);
            assert_eq!(
                found.map(|stored| stored.store_expires_at),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_no_record_is_broken() {
        let cases = [
            ("empty value", "$0\r\n\r\n", ":-1\r\n", "empty"),
            (
                "another type",
                WRONGTYPE,
                ":-1\r\n",
                "of another kind: the key holds another Redis type",
            ),
        ];
        for (name, record, life, fault) in cases {
            match answer_native(replies(&[record, life, NOTHING]), UnixMillis(0)) {
                Err(LookupError::Broken(broken)) => assert_eq!(broken.fault, fault, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_refusal_is_the_stores_fault() {
        let cases = [
            (
                "first refused",
                vec!["-NOPERM x\r\n", ":-1\r\n"],
                StoreFault::Auth,
            ),
            (
                "second refused",
                vec![RECORD, "-NOPERM x\r\n"],
                StoreFault::Auth,
            ),
            (
                "loading",
                vec!["-LOADING x\r\n", "-LOADING x\r\n"],
                StoreFault::Unavailable,
            ),
            ("one reply", vec![RECORD], StoreFault::Unavailable),
            (
                "revocations refused",
                vec![RECORD, ":-1\r\n", "-NOPERM x\r\n"],
                StoreFault::Auth,
            ),
            ("no text", vec![":1\r\n", ":1\r\n"], StoreFault::Unavailable),
            ("no number", vec![RECORD, RECORD], StoreFault::Unavailable),
            (
                "no such life",
                vec![RECORD, ":-3\r\n"],
                StoreFault::Unavailable,
            ),
        ];
        for (name, said, kind) in cases {
            let padded = if said.len() == 2 { &[NOTHING][..] } else { &[] };
            let said: Vec<_> = said.iter().chain(padded).copied().collect();
            match answer_native(replies(&said), UnixMillis(0)) {
                Err(LookupError::Store(error)) => assert_eq!(error.kind, kind, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_revocation_comes_with_the_record() {
        for (revoked, is_revoked) in [("$1\r\n1\r\n", true), (NOTHING, false)] {
            let found = answer_native(replies(&[RECORD, ":-1\r\n", revoked]), UnixMillis(0));
            let found = found.expect("sound").expect("there");
            assert_eq!(found.is_revoked, is_revoked, "{revoked}");
        }
    }

    #[test]
    fn either_name_revokes_a_session_without_a_record() {
        let there = "$1\r\n1\r\n";
        let cases = [
            (vec![NOTHING], false),
            (vec![there], true),
            (vec![NOTHING, NOTHING], false),
            (vec![there, NOTHING], true),
            (vec![NOTHING, there], true),
        ];
        for (said, is_revoked) in cases {
            let read = revoked_answer(replies(&said)).expect("sound");
            assert_eq!(read, is_revoked, "{said:?}");
        }
        let refused = revoked_answer(replies(&[there, "-NOPERM x\r\n"]));
        assert!(
            matches!(refused, Err(LookupError::Store(error)) if error.kind == StoreFault::Auth)
        );
    }

    #[test]
    fn a_last_use_is_a_time_or_nothing() {
        let read = |seen| seen_answer(replies(&[seen]));
        let found = read("$4\r\n1234\r\n").expect("sound");
        assert_eq!(found, Some(UnixMillis(1234)));
        assert_eq!(read(NOTHING).expect("sound"), None);
        let broken = read("$1\r\nx\r\n").expect_err("no time");
        assert!(matches!(broken, LookupError::Broken(broken) if broken.field == "seen"));
        let refused = read("-NOPERM x\r\n").expect_err("refused");
        assert!(matches!(refused, LookupError::Store(error) if error.kind == StoreFault::Auth));
    }

    fn replies(said: &[&str]) -> Vec<Value> {
        let parse = |text: &&str| parse_redis_value(text.as_bytes()).expect("RESP");
        said.iter().map(parse).collect()
    }
}
