//! A user's index: the keys of the sessions that are known to be the user's, by their end. Only for finding them: what is
//! not in it can be opened and revoked all the same.

use super::fault::{fault, refusal};
use super::scribe;
use super::servers::Servers;
use crate::clock::UnixMillis;
use crate::store::administration::MOST_LISTED;
use crate::store::contract::{StoreError, StoreFault};
use crate::store::own_keys;
use redis::{Pipeline, Value, pipe};
use std::time::Duration;

/// Adds a session.
///
/// # Errors
/// When the server does not take it.
pub(super) async fn add(
    servers: &Servers,
    user_id: &str,
    key: &str,
    end: Option<UnixMillis>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let end = end.map_or("+inf".to_owned(), |end| end.0.to_string());
    let mut write = pipe();
    let call = write
        .cmd("EVAL")
        .arg(ADD)
        .arg(1)
        .arg(own_keys::index(user_id));
    call.arg(ended_before(now)).arg(end).arg(key);
    scribe::accepted(servers.ask(&write).await?)
}

/// The keys in it, the longest-lived first: one more than [`MOST_LISTED`] if there are so many.
///
/// # Errors
/// When the server could not say.
pub(super) async fn keys(
    servers: &Servers,
    user_id: &str,
    now: UnixMillis,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let index = own_keys::index(user_id);
    let mut prune = pipe();
    let call = prune.cmd("ZREMRANGEBYSCORE").arg(&index).arg("-inf");
    call.arg(ended_before(now));
    scribe::accepted(servers.ask(&prune).await?)?;
    let mut question = pipe();
    question.cmd("ZREVRANGE").arg(index).arg(0).arg(MOST_LISTED);
    let Value::Array(members) = reply(servers, &question).await? else {
        return Err(fault(
            StoreFault::Unavailable,
            "not a reply that Redis would give",
        ));
    };
    let text = |member| match member {
        Value::BulkString(key) => Some(key),
        _ => None,
    };
    Ok(members.into_iter().filter_map(text).collect())
}

/// Takes a session out.
///
/// # Errors
/// When the server does not take it.
pub(super) async fn remove(servers: &Servers, user_id: &str, key: &str) -> Result<(), StoreError> {
    let mut write = pipe();
    write.cmd("ZREM").arg(own_keys::index(user_id)).arg(key);
    scribe::accepted(servers.ask(&write).await?)
}

/// The one reply to one command.
///
/// # Errors
/// When there is none, or a refusal.
pub(super) async fn reply(servers: &Servers, question: &Pipeline) -> Result<Value, StoreError> {
    only(servers.ask(question).await?)
}

/// The same for replies that are there.
///
/// # Errors
/// When there is none, or a refusal.
pub(super) fn only(mut replies: Vec<Value>) -> Result<Value, StoreError> {
    match replies.pop() {
        Some(Value::ServerError(error)) => Err(refusal(error.code())),
        Some(reply) => Ok(reply),
        None => Err(fault(StoreFault::Unavailable, "no reply to a command")),
    }
}

/// A clock that is a little behind the server's takes nothing out that is still there.
fn ended_before(now: UnixMillis) -> u64 {
    let slack_ms = u64::try_from(SLACK.as_millis()).unwrap_or(u64::MAX);
    now.0.saturating_sub(slack_ms)
}

const SLACK: Duration = Duration::from_secs(60);

/// In one step, so that the index lives exactly as long as the longest-lived session in it.
const ADD: &str = r"
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if last == 'inf' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIREAT', KEYS[1], last) end
return 1
";
