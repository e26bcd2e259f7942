//! Searching all keys for a session of which only the `sid` is known. Bounded: it is for operators, never for requests.

use super::fault::fault;
use super::servers::{Server, Servers};
use super::user_index::only;
use crate::store::administration::Search;
use crate::store::contract::{StoreError, StoreFault};
use crate::store::key::KeyTemplate;
use crate::store::session::SessionKey;
use crate::token::Sid;
use redis::{Value, pipe};

/// Looks for the session's record among the keys of the template, in so many rounds at most. A `SCAN` guarantees to see
/// what is there all the time.
///
/// # Errors
/// When the server could not say.
pub(super) async fn search(
    servers: &Servers,
    template: &KeyTemplate,
    sid: Sid,
    most_rounds: usize,
) -> Result<Search<SessionKey>, StoreError> {
    let pattern = template.pattern(sid);
    let mut rounds = most_rounds;
    for server in servers.each().await? {
        let mut cursor = START.to_vec();
        loop {
            let Some(left) = rounds.checked_sub(1) else {
                return Ok(Search::GaveUp);
            };
            rounds = left;
            let (next, keys) = scan(&server, &cursor, &pattern).await?;
            let found = keys.iter().find_map(|key| {
                let session = template.session_at(key)?;
                (session.digest.sid() == sid).then_some(session)
            });
            if let Some(found) = found {
                return Ok(Search::Found(found));
            }
            if next == START {
                break;
            }
            cursor = next;
        }
    }
    Ok(Search::Absent)
}

/// One round: the next cursor, and the keys that matched.
async fn scan(
    server: &Server<'_>,
    cursor: &[u8],
    pattern: &str,
) -> Result<(Vec<u8>, Vec<Vec<u8>>), StoreError> {
    let mut question = pipe();
    let scan = question.cmd("SCAN").arg(cursor).arg("MATCH").arg(pattern);
    scan.arg("COUNT").arg(KEYS_PER_ROUND);
    let nonsense = || fault(StoreFault::Unavailable, "not a reply that Redis would give");
    let Value::Array(parts) = only(server.link().ask(&question).await?)? else {
        return Err(nonsense());
    };
    let Ok([Value::BulkString(next), Value::Array(keys)]) = <[Value; 2]>::try_from(parts) else {
        return Err(nonsense());
    };
    let text = |key| match key {
        Value::BulkString(key) => Some(key),
        _ => None,
    };
    Ok((next, keys.into_iter().filter_map(text).collect()))
}

const START: &[u8] = b"0";
/// What the server looks at in one go, in well under a millisecond.
const KEYS_PER_ROUND: usize = 1000;
/// A million keys.
pub(super) const MOST_ROUNDS: usize = 1000;
