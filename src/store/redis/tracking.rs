//! `CLIENT TRACKING`: asking a server to push the keys that are written, and what its refusal means.

use super::fault::lasting_refusal;
use crate::store::contract::StoreError;
use redis::aio::MultiplexedConnection;
use redis::cmd;
use std::borrow::Cow;

/// Why nothing is pushed over a connection that speaks RESP2.
pub(super) const OLD_SERVER: &str = "the server speaks RESP2 only; Redis 6 or later is needed";

/// Asks for every change under these prefixes, whoever makes it and whether or not it was read before (`BCAST`): the
/// server keeps no list of what each node has read. Gives the reason if the server refuses.
///
/// # Errors
/// When there is no reply, or a refusal of the moment: the connection is given up, so that the next one asks again.
pub(super) async fn begin<'a>(
    connection: &mut MultiplexedConnection,
    prefixes: impl IntoIterator<Item = &'a str>,
) -> Result<Option<Cow<'static, str>>, StoreError> {
    let mut ask = cmd("CLIENT");
    ask.arg(&["TRACKING", "ON", "BCAST"]);
    for prefix in prefixes {
        ask.arg("PREFIX").arg(prefix);
    }
    let Err(error) = ask.exec_async(connection).await else {
        return Ok(None);
    };
    Ok(Some(match lasting_refusal(&error)? {
        "NOPERM" => {
            "NOPERM: the ACL of this user does not allow CLIENT TRACKING; add +client|tracking"
                .into()
        }
        "ERR" => "ERR: the server does not know CLIENT TRACKING; Redis 6 or later does".into(),
        code => format!("{code}: the server refuses CLIENT TRACKING").into(),
    }))
}
