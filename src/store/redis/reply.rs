//! From the replies to `GETRANGE` and `PTTL` to a session, an absence, or what is wrong.

use super::fault::{fault, refusal};
use crate::clock::UnixMillis;
use crate::store::contract::{BrokenRecord, LookupError, StoreError, StoreFault};
use crate::store::native::{MAX_RECORD_BYTES, decode_native};
use crate::store::session::StoredSession;
use redis::{Pipeline, Value, pipe};
use std::time::Duration;

/// Reads a record and its remaining life in one round trip. `GETRANGE` bounds the reply to one byte more than a
/// record may have, whatever lies under the key (R15), and answers an absent key with an empty string.
pub(super) fn question(key: &str) -> Pipeline {
    let mut question = pipe();
    question.cmd("GETRANGE").arg(key).arg(0).arg(LAST_BYTE);
    question.cmd("PTTL").arg(key);
    question
}

/// Understands the replies. `asked_at` must be no later than the sending: then the end is never too late (R8).
///
/// # Errors
/// [`LookupError::Broken`] for a record that cannot be used, [`LookupError::Store`] for a refusal.
pub(super) fn answer(
    replies: Vec<Value>,
    asked_at: UnixMillis,
) -> Result<Option<StoredSession>, LookupError> {
    let [record, life] = <[Value; 2]>::try_from(replies).map_err(|_| out_of_protocol())?;
    let record = record_bytes(record)?;
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
        session: decode_native(&record)?,
        store_expires_at,
    }))
}

fn record_bytes(reply: Value) -> Result<Vec<u8>, LookupError> {
    match reply {
        Value::BulkString(bytes) => Ok(bytes),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => Err(BrokenRecord::new(
            "record",
            "not a string: the key holds another Redis type",
        )
        .into()),
        Value::ServerError(error) => Err(refusal(error.code()).into()),
        _ => Err(out_of_protocol().into()),
    }
}

fn out_of_protocol() -> StoreError {
    fault(StoreFault::Unavailable, "not a reply that Redis would give")
}

/// The byte at this offset is one more than `decode_native` takes.
const LAST_BYTE: usize = MAX_RECORD_BYTES;

/// `PTTL` of a key that is not there, or no longer.
const GONE: i64 = -2;

/// `PTTL` of a key without an end.
const ENDLESS: i64 = -1;

#[cfg(test)]
mod tests {
    use super::answer;
    use crate::clock::UnixMillis;
    use crate::store::contract::{LookupError, StoreFault};
    use redis::{Value, parse_redis_value};

    const RECORD: &str = "$21\r\n{\"v\":1,\"user_id\":\"u\"}\r\n";
    const WRONGTYPE: &str =
        "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

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
            let found = answer(replies(&[record, life]), UnixMillis(1_000)).expect(name);
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
                "not a string: the key holds another Redis type",
            ),
        ];
        for (name, record, life, fault) in cases {
            match answer(replies(&[record, life]), UnixMillis(0)) {
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
            ("no text", vec![":1\r\n", ":1\r\n"], StoreFault::Unavailable),
            ("no number", vec![RECORD, RECORD], StoreFault::Unavailable),
            (
                "no such life",
                vec![RECORD, ":-3\r\n"],
                StoreFault::Unavailable,
            ),
        ];
        for (name, said, kind) in cases {
            match answer(replies(&said), UnixMillis(0)) {
                Err(LookupError::Store(error)) => assert_eq!(error.kind, kind, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    fn replies(said: &[&str]) -> Vec<Value> {
        let parse = |text: &&str| parse_redis_value(text.as_bytes()).expect("RESP");
        said.iter().map(parse).collect()
    }
}
