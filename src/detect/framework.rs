//! `Framework`: who wrote the records of a kind, told by what stands in them.

use super::head::NATIVE;
use super::reading::Reading;
use crate::config::{PRESETS, Preset};
use crate::formats::Encoding;
use crate::store::Shape;
use serde_json::Value;

/// A writer of records.
#[derive(Clone, Copy)]
pub(super) enum Framework {
    /// The gateway's own format.
    Native,
    /// That of a preset.
    Preset(&'static Preset),
}

/// How sure it is; the first is the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Its records have members that nobody else writes.
    Members,
    /// Its keys stand where it writes unless it is told otherwise.
    Head,
    /// Nobody else writes this encoding.
    Encoding,
    /// None: any JSON with a user in it.
    Plain,
}

impl Framework {
    /// Its word in the configuration.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Preset(preset) => preset.word,
        }
    }
}

impl Evidence {
    /// For people.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Members => "its records have the members that this framework writes",
            Self::Head => "its keys are where this framework writes",
            Self::Encoding => "its records are in the encoding of this framework",
            Self::Plain => "no framework is recognised: JSON with a user in it, under a plain id",
        }
    }
}

/// Who wrote these records.
pub(super) fn recognise(head: &str, reading: &Reading) -> Option<(Framework, Evidence)> {
    let records = || reading.decoded.iter().map(|decoded| &decoded.value);
    let marked = |word: &str| {
        let is_marked = |record: &&Value| is_marked(word, head, reading, record);
        records().filter(is_marked).count()
    };
    let presets = PRESETS
        .iter()
        .map(|preset| (marked(preset.word), Framework::Preset(preset)));
    let native = (marked("native"), Framework::Native);
    let best = presets.chain([native]).max_by_key(|(marked, _)| *marked)?;
    if best.0 > 0 {
        return Some((best.1, Evidence::Members));
    }
    let at_home = |preset: &&'static Preset| {
        let fits = match (&preset.shape, &reading.shape) {
            (Shape::Text(_), Shape::Text(encoding)) => is_of(preset.word, *encoding),
            (own, found) => own == found,
        };
        let is_own = preset.key.and_then(|key| key.split('{').next());
        fits && is_own.is_some_and(|own| !own.is_empty() && head.ends_with(own))
    };
    if let Some(preset) = PRESETS.iter().find(at_home) {
        return Some((Framework::Preset(preset), Evidence::Head));
    }
    let (word, evidence) = match &reading.shape {
        Shape::Text(Encoding::Json) => ("flask_session", Evidence::Plain),
        Shape::Text(Encoding::Msgpack) => ("flask_session", Evidence::Encoding),
        Shape::Text(Encoding::Pickle) => ("django", Evidence::Encoding),
        Shape::Text(Encoding::Laravel) => ("laravel", Evidence::Encoding),
        Shape::Text(_) => ("php_session", Evidence::Encoding),
        Shape::SpringHash => ("spring_session", Evidence::Members),
        Shape::HeaderMap => return None,
    };
    let preset = PRESETS.iter().find(|preset| preset.word == word)?;
    Some((Framework::Preset(preset), evidence))
}

/// Whether a framework can have written this encoding.
fn is_of(word: &str, encoding: Encoding) -> bool {
    match word {
        "flask_session" => matches!(
            encoding,
            Encoding::Msgpack | Encoding::Json | Encoding::Pickle
        ),
        "django" => matches!(
            encoding,
            Encoding::Pickle | Encoding::Json | Encoding::Msgpack
        ),
        "php_session" => matches!(
            encoding,
            Encoding::Php | Encoding::PhpSession | Encoding::PhpBinary | Encoding::Json
        ),
        "laravel" => encoding == Encoding::Laravel,
        _ => encoding == Encoding::Json,
    }
}

/// Whether a record has what only this framework writes (research/features.md F.1).
fn is_marked(word: &str, head: &str, reading: &Reading, record: &Value) -> bool {
    let has = |name: &str| record.get(name).is_some();
    let has_in = |outer: &str, name: &str| record.pointer(&format!("/{outer}/{name}")).is_some();
    let begins = |start: &str| {
        let members = record.as_object();
        members.is_some_and(|members| {
            let mut names = members.keys();
            names.any(|name| name.to_ascii_lowercase().starts_with(start))
        })
    };
    let is_encoded = match reading.shape {
        Shape::Text(encoding) => word == "native" || is_of(word, encoding),
        _ => word == "spring_session",
    };
    is_encoded
        && match word {
            "express_session" => has_in("cookie", "originalMaxAge"),
            "better_auth" => has_in("session", "token") && has_in("user", "id"),
            "flask_session" => has("_permanent") || has("_user_id") || has("_fresh"),
            "django" => begins("_auth_user_") || head.contains("django.contrib.sessions"),
            "laravel" => has("_token") || has("_flash"),
            "spring_session" => has("lastAccessedTime") && has("maxInactiveInterval"),
            "authgear" => is_of_skygear(record) && head.starts_with(AUTHGEAR),
            "skygear" => is_of_skygear(record) && !head.starts_with(AUTHGEAR),
            "hasura" => begins("x-hasura-"),
            "native" => {
                let is_first = record.get("v").and_then(Value::as_u64) == Some(1);
                is_first && has("user_id") && (head == NATIVE || has("roles") || has("created_at"))
            }
            _ => false,
        }
}

fn is_of_skygear(record: &Value) -> bool {
    record.get("token_hash").is_some() && record.get("access_info").is_some()
}

const AUTHGEAR: &str = "app:";

#[cfg(test)]
mod tests {
    use super::{Evidence, recognise};
    use crate::formats::{Decoded, Encoding};
    use crate::store::Shape;
    use serde_json::{Value, json};

    use super::Reading;

    fn recognised(head: &str, encoding: Encoding, record: Value) -> (&'static str, Evidence) {
        let reading = Reading {
            shape: Shape::Text(encoding),
            decoded: vec![Decoded {
                value: record,
                opaque: Vec::new(),
            }],
        };
        let (framework, evidence) = recognise(head, &reading).expect("somebody");
        (framework.word(), evidence)
    }

    #[test]
    fn a_framework_is_known_by_its_members_wherever_its_keys_are() {
        let of_skygear = json!({"token_hash": "x", "attrs": {"user_id": "u"}, "access_info": {}});
        let cases = [
            (
                "a:",
                json!({"cookie": {"originalMaxAge": null}}),
                "express_session",
            ),
            (
                "a:",
                json!({"session": {"token": "x"}, "user": {"id": "u"}}),
                "better_auth",
            ),
            ("a:", json!({"_permanent": true}), "flask_session"),
            ("a:", json!({"_auth_user_id": "1"}), "django"),
            ("x:1:django.contrib.sessions.cache", json!({}), "django"),
            ("app:main:session:", of_skygear.clone(), "authgear"),
            ("main:session:", of_skygear, "skygear"),
            ("", json!({"X-Hasura-User-Id": "1"}), "hasura"),
            ("session:", json!({"v": 1, "user_id": "u"}), "native"),
        ];
        for (head, record, word) in cases {
            let expected = (word, Evidence::Members);
            assert_eq!(recognised(head, Encoding::Json, record), expected);
        }
    }

    #[test]
    fn without_them_the_place_or_the_encoding_tells() {
        let cases = [
            ("sess:", Encoding::Json, ("express_session", Evidence::Head)),
            (
                "myapp:sess:",
                Encoding::Json,
                ("express_session", Evidence::Head),
            ),
            (
                "session:",
                Encoding::Pickle,
                ("flask_session", Evidence::Head),
            ),
            (
                "a:",
                Encoding::Msgpack,
                ("flask_session", Evidence::Encoding),
            ),
            ("a:", Encoding::Pickle, ("django", Evidence::Encoding)),
            (
                "a:",
                Encoding::PhpBinary,
                ("php_session", Evidence::Encoding),
            ),
            ("a:", Encoding::Laravel, ("laravel", Evidence::Encoding)),
            ("a:", Encoding::Json, ("flask_session", Evidence::Plain)),
            ("sess:", Encoding::Laravel, ("laravel", Evidence::Encoding)),
        ];
        for (head, encoding, expected) in cases {
            assert_eq!(
                recognised(head, encoding, json!({"a": 1})),
                expected,
                "{head}"
            );
        }
    }
}
