//! Messages: subscribing to `sessiongate:events`, and what a refusal means.

use super::fault::lasting_refusal;
use crate::store::contract::StoreError;
use redis::aio::MultiplexedConnection;
use std::borrow::Cow;

/// Subscribes to these channels on the connection that also carries replies: messages keep their place among them.
/// Returns once the server has confirmed each, or gives the reason if it refuses.
///
/// # Errors
/// When there is no reply, or a refusal of the moment: the connection is given up, so that the next one asks again.
pub(super) async fn subscribe(
    connection: &mut MultiplexedConnection,
    channels: &[&str],
) -> Result<Option<Cow<'static, str>>, StoreError> {
    let Err(error) = connection.subscribe(channels).await else {
        return Ok(None);
    };
    Ok(Some(match lasting_refusal(&error)? {
        "NOPERM" => "NOPERM: the ACL of this user does not allow SUBSCRIBE or the channels; add +subscribe &sessiongate:*".into(),
        code => format!("{code}: the server refuses SUBSCRIBE").into(),
    }))
}
