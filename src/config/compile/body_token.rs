//! `body_token:` of a route.

use super::sessions::Sources;
use crate::config::raw::Yaml;
use crate::config::reading::{Mapping, Value};
use crate::route::MAX_BODY_TOKEN_BYTES;

/// How large a body may be that is looked into for a token; `None`: no body is.
pub(super) fn body_token(
    section: &Mapping<'_>,
    asked: &[usize],
    sources: &mut Sources<'_>,
) -> Option<u64> {
    let value = section.get("body_token")?;
    let most = most(value)?;
    if !sources.look_into_bodies(asked) {
        value.fault(
            "no session source that this route asks takes its token from a body",
            "such as `token: [bearer, {form: access_token}, {json: token}]` on the source",
        );
    }
    Some(most)
}

fn most(value: Value<'_>) -> Option<u64> {
    match &value.node.yaml {
        Yaml::Bool(_) => value.boolean()?.then_some(DEFAULT_BYTES),
        Yaml::Text { text, .. } if text == "true" || text == "false" => {
            value.boolean()?.then_some(DEFAULT_BYTES)
        }
        Yaml::Text { .. } => {
            let most = value.bytes()?;
            if (1..=MAX_BODY_TOKEN_BYTES).contains(&most) {
                return Some(most);
            }
            value.fault("out of range", "from 1B to 64KiB");
            None
        }
        _ => {
            value.expected(
                "`true`, `false` or a size",
                "such as `32KiB`; at most `64KiB`",
            );
            None
        }
    }
}

const DEFAULT_BYTES: u64 = 16 * 1024;
