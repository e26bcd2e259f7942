//! The keys that the gateway itself owns, beside the session records: their names, and which of them are tracked.

use crate::token::{Sid, TokenDigest};

/// `{"not_before": ms, "disabled": bool}`: what holds for all sessions of a user. Tracked.
pub(super) const USER: &str = "sessiongate:user:";
/// Its being there means that the session of this name, or the signed token of this id, is revoked. Tracked.
pub(super) const REVOKED: &str = "sessiongate:revoked:";
/// When a session with an idle timeout was last used, in Unix milliseconds. Written often, so never tracked.
pub(super) const SEEN: &str = "sessiongate:seen:";
/// Sorted set of a user's session keys by expiry.
pub(super) const INDEX: &str = "sessiongate:index:";
/// Under it each node writes a key of its own once a second, to measure how long a change takes to be told.
pub(super) const CANARY: &str = "sessiongate:canary:";
/// Every head above: a session key must not look like any of them.
pub(super) const HEADS: [&str; 5] = [USER, REVOKED, SEEN, INDEX, CANARY];

/// The channel on which anybody announces revocations.
pub(super) const EVENTS: &str = "sessiongate:events";

pub(super) fn user(user_id: &str) -> String {
    [USER, user_id].concat()
}

pub(super) fn revoked_session(sid: Sid) -> String {
    revoked(&sid.to_hex())
}

/// `name` is a `sid` or a `jti`.
pub(super) fn revoked(name: &str) -> String {
    [REVOKED, name].concat()
}

pub(super) fn seen(session: TokenDigest) -> String {
    [SEEN, &session.to_hex()].concat()
}

pub(super) fn index(user_id: &str) -> String {
    [INDEX, user_id].concat()
}
