//! How revocations are written: the keys of design section 6, each in one step, so that every node may write the same.

use super::fault::{fault, refusal};
use super::ledger::Ledger;
use super::servers::Servers;
use crate::clock::{Now, UnixMillis};
use crate::store::contract::{StoreError, StoreFault};
use crate::store::own_keys;
use crate::store::revocation::Revocation;
use redis::{Pipeline, Value, pipe};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tracing::{info, warn};

/// Makes a revocation stay. What is written already is written again to no effect, and then nothing is pushed.
///
/// # Errors
/// When the store does not take it.
pub(super) async fn write(servers: &Servers, revocation: &Revocation) -> Result<(), StoreError> {
    let replies = servers.ask(&command(revocation)).await?;
    accepted(replies)
}

/// Every reply, or the first refusal.
pub(super) fn accepted(replies: Vec<Value>) -> Result<(), StoreError> {
    for reply in replies {
        if let Value::ServerError(error) = reply {
            return Err(match error.code() {
                "BROKENMARK" => fault(
                    StoreFault::Unavailable,
                    "BROKENMARK: the user's mark is not JSON; delete it or write a sound one",
                ),
                code => refusal(code),
            });
        }
    }
    Ok(())
}

/// Says in the mark of a user whether the user is disabled.
///
/// # Errors
/// When the store does not take it.
pub(super) async fn set_disabled(
    servers: &Servers,
    user_id: &str,
    disabled: bool,
) -> Result<(), StoreError> {
    let mut write = pipe();
    let call = write.cmd("EVAL").arg(SET_DISABLED).arg(1);
    call.arg(own_keys::user(user_id)).arg(u8::from(disabled));
    accepted(servers.ask(&write).await?)
}

fn command(revocation: &Revocation) -> Pipeline {
    let mut write = pipe();
    match revocation {
        Revocation::Session(sid) => {
            let key = own_keys::revoked_session(*sid);
            set_revoked(&mut write, &key, Some(REVOKED_FOR));
        }
        Revocation::Token { id, until } => {
            let kept = match until {
                Some(UnixMillis::MAX) => None,
                Some(end) => Some(Now::read().wall.until(*end) + AFTER_ITS_END),
                None => Some(TOKEN_REVOKED_FOR),
            };
            set_revoked(&mut write, &own_keys::revoked(id), kept);
        }
        Revocation::User { id, not_before } => {
            let not_before = not_before.map_or(0, |at| at.0);
            write
                .cmd("EVAL")
                .arg(LOG_OUT)
                .arg(1)
                .arg(own_keys::user(id))
                .arg(not_before);
        }
    }
    write
}

/// `None`: for good.
fn set_revoked(write: &mut Pipeline, key: &str, kept: Option<Duration>) {
    let set = write.cmd("SET").arg(key).arg(1).arg("NX");
    if let Some(kept) = kept {
        set.arg("EX").arg(kept.as_secs());
    }
}

/// Writes down what the ledger holds, for as long as the store lives.
pub(super) async fn work(name: Arc<str>, servers: Arc<Servers>, ledger: Arc<Ledger>) {
    let mut is_refused = false;
    loop {
        let oldest = ledger.oldest().await;
        match write(&servers, &oldest).await {
            Ok(()) => {
                ledger.settle(&oldest);
                if ledger.is_empty() && std::mem::take(&mut is_refused) {
                    info!(
                        store = &*name,
                        "announced revocations are written down again"
                    );
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut is_refused, true) {
                    let detail = &error.detail;
                    warn!(
                        store = &*name,
                        "an announced revocation cannot be written down: {detail}; it holds on this node, and is tried \
                         again; the ACL user needs ~sessiongate:* +set +eval"
                    );
                }
                ledger.postpone(&oldest);
                sleep(AGAIN).await;
            }
        }
    }
}

/// Moves `not_before` forward and leaves the rest of the mark as it is. One step in the server: two writers lose nothing
/// of each other's. A mark that is no JSON object is left alone; an empty one says nothing, to readers as well.
const LOG_OUT: &str = r"
local old, mark = redis.call('GET', KEYS[1]), {disabled = false}
if old and old ~= '' then
  local read, found = pcall(cjson.decode, old)
  if not read or type(found) ~= 'table' then return redis.error_reply('BROKENMARK no JSON object') end
  mark = found
end
local not_before = tonumber(ARGV[1])
if type(mark.not_before) == 'number' and mark.not_before >= not_before then return 0 end
mark.not_before = not_before
redis.call('SET', KEYS[1], cjson.encode(mark))
return 1
";

/// The same for `disabled`. A mark that says so already is not written again.
const SET_DISABLED: &str = r"
local old, mark = redis.call('GET', KEYS[1]), {}
if old and old ~= '' then
  local read, found = pcall(cjson.decode, old)
  if not read or type(found) ~= 'table' then return redis.error_reply('BROKENMARK no JSON object') end
  mark = found
end
local disabled = ARGV[1] == '1'
if mark.disabled == disabled then return 0 end
mark.disabled = disabled
redis.call('SET', KEYS[1], cjson.encode(mark))
return 1
";

/// How long a session or token is known to be revoked by its name. A record that outlives it must be deleted by its owner.
pub(super) const REVOKED_FOR: Duration = Duration::from_secs(30 * 86_400);

/// The same for a signed token of which nobody said when it ends.
const TOKEN_REVOKED_FOR: Duration = Duration::from_secs(400 * 86_400);

/// A token is taken for a moment after its end, by clocks that differ.
const AFTER_ITS_END: Duration = Duration::from_secs(300);

const AGAIN: Duration = Duration::from_secs(1);
