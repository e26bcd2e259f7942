//! Session records and the names that a token gives rise to.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// A record that says everything, to be changed by the test.
pub(crate) fn record(user_id: &str) -> Value {
    json!({
        "v": 1,
        "user_id": user_id,
        "roles": ["user", "admin"],
        "default_role": "user",
        "verified": true,
        "disabled": false,
        "identity": {"id": "id-1", "type": "password", "updated_at": "2019-09-17T00:00:00.000Z"},
        "authenticator": {
            "id": "au-1", "type": "oob", "channel": "sms", "updated_at": "2019-09-17T01:02:03.004Z"
        },
        "attrs": {"email": "ada@example.com"}
    })
}

/// The `{sha256}` of a store key.
pub(crate) fn sha256_hex(token: &str) -> String {
    let digest = digest(&SHA256, token.as_bytes());
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The name of a session in logs.
pub(crate) fn sid(token: &str) -> String {
    sha256_hex(token).chars().take(16).collect()
}
