//! `format:` and `map:` in force.

use super::sections::{REDACTED, set};
use crate::config::units::show_duration;
use crate::config::words::{self, word};
use crate::formats::handle::Authenticate;
use crate::store::{Field, FieldMap, FieldPath, ForeignFormat, IdleSpan, Shape};
use serde_json::{Map, Value, json};

/// The preset with everything that it stands for.
pub(super) fn section(format: &ForeignFormat) -> Value {
    let mut options = Value::Object(fields(&format.map));
    if let Shape::Text(encoding) = &format.shape {
        set(&mut options, "encoding", encoding.as_str().into());
    }
    let decode = format.handle.decode.iter();
    let decode: Value = decode.map(|step| word(&words::DECODE, step)).collect();
    set(&mut options, "decode", decode);
    let transform = word(&words::TRANSFORM, &format.handle.transform);
    set(&mut options, "transform", transform.into());
    if format.handle.authenticate == Authenticate::None {
        set(&mut options, "signature", "none".into());
    } else {
        set(&mut options, "secrets", REDACTED.into());
    }
    if let Some(idle) = &format.idle {
        set(&mut options, "last_used", path(&idle.last_used));
        if let IdleSpan::Fixed(span) = idle.span {
            set(&mut options, "idle_timeout", show_duration(span).into());
        }
    }
    if let Some(lifetime) = format.lifetime {
        set(&mut options, "lifetime", show_duration(lifetime).into());
    }
    if let Some(hash) = &format.token_hash {
        set(&mut options, "token_hash", path(hash));
    }
    json!({ format.name: options })
}

/// Where each field stands.
pub(super) fn fields(map: &FieldMap) -> Map<String, Value> {
    let known = Field::ALL.into_iter();
    let mut fields: Map<String, Value> = known
        .filter_map(|(word, field)| Some((word.to_owned(), path(map.path(field)?))))
        .collect();
    let attrs: Map<String, Value> = map
        .attributes()
        .map(|(name, at)| (name.to_owned(), path(at)))
        .collect();
    if !attrs.is_empty() {
        fields.insert("attrs".to_owned(), Value::Object(attrs));
    }
    fields
}

/// Dotted, unless a name holds a dot itself.
pub(super) fn path(path: &FieldPath) -> Value {
    if path.steps().any(|step| step.contains('.')) {
        return path.steps().collect();
    }
    path.to_string().into()
}
