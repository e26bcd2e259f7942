//! `http:` of a session source: the auth service that is asked.

use super::field_map;
use super::invalidated_by;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::words;
use crate::fetch::{Authorities, FetchLimits, FetchTarget, TARGET_HELP, TargetError};
use crate::secret::Secret;
use crate::store::{
    AnswerMap, AnswerPlace, AskMethod, Field, FieldPath, HttpSettings, Preset, Statuses, Unsaid,
};
use crate::token::TokenSource;
use http::{HeaderName, HeaderValue};
use std::fs;
use std::time::Duration;

/// A URL, or a mapping. Credentials are shown to the service as these token sources found them.
pub(super) fn settings(value: Value<'_>, tokens: &[TokenSource]) -> Option<HttpSettings> {
    if !value.is_mapping() {
        let target = target(value, None)?;
        return Some(by_default(target, tokens));
    }
    let section = value.mapping(keys::HTTP)?;
    let url = section.required("url", TARGET_HELP);
    let target = url.and_then(|url| target(url, section.get("ca")));
    let preset = section.choice("identity", &words::PRESETS);
    let preset = preset.unwrap_or(DEFAULT_PRESET);
    let answer = answer(&section, preset);
    let method = method(&section, &answer);
    let mut limits = limits();
    if let Some(timeouts) = section.section("timeout", keys::HTTP_TIMEOUT) {
        timeouts.timeouts([
            ("connect", &mut limits.connect),
            ("total", &mut limits.total),
        ]);
    }
    let most = section.get("max_in_flight");
    if let Some(most) = most.and_then(|most| most.count(1, MOST_IN_FLIGHT)) {
        limits.max_in_flight = usize::try_from(most).unwrap_or(usize::MAX);
    }
    let headers = section.get("headers").map(headers).unwrap_or_default();
    let statuses = section.get("statuses").map(statuses).unwrap_or_default();
    let cache_control = section.choice("cache_control", &words::CACHE_CONTROL);
    let invalidated_by = match section.get("invalidated_by") {
        Some(value) => Some(invalidated_by::settings(value)?),
        None => None,
    };
    Some(HttpSettings {
        method,
        headers,
        preset,
        answer,
        statuses,
        cache_control: cache_control.unwrap_or_default(),
        limits,
        invalidated_by,
        ..by_default(target?, tokens)
    })
}

fn by_default(target: FetchTarget, tokens: &[TokenSource]) -> HttpSettings {
    HttpSettings {
        target,
        method: AskMethod::default(),
        headers: Vec::new(),
        tokens: tokens.to_vec(),
        preset: DEFAULT_PRESET,
        answer: DEFAULT_PRESET.answer(),
        statuses: Statuses::default(),
        cache_control: Default::default(),
        limits: limits(),
        invalidated_by: None,
    }
}

/// A request waits for the answer.
fn limits() -> FetchLimits {
    FetchLimits {
        total: Duration::from_secs(2),
        max_body_bytes: 64 * 1024,
        ..FetchLimits::default()
    }
}

fn target(url: Value<'_>, ca: Option<Value<'_>>) -> Option<FetchTarget> {
    let text = url.text_such_as(TARGET_HELP)?;
    match FetchTarget::parse(text, ca.and_then(authorities)) {
        Ok(target) => {
            if let Some(ca) = ca.filter(|_| !text.starts_with("https:")) {
                ca.fault(TargetError::UselessCa.to_string(), "");
            }
            Some(target)
        }
        Err(TargetError::UselessCa) => {
            ca.unwrap_or(url)
                .fault(TargetError::UselessCa.to_string(), "");
            None
        }
        Err(fault) => {
            url.fault(fault.to_string(), TARGET_HELP);
            None
        }
    }
}

fn authorities(ca: Value<'_>) -> Option<Authorities> {
    let pem = fs::read(ca.path()?)
        .inspect_err(|error| ca.fault(format!("cannot read the CA: {error}"), ""))
        .ok()?;
    Authorities::parse(&pem)
        .inspect_err(|fault| {
            let help = "PEM text with BEGIN CERTIFICATE";
            ca.fault(format!("not a CA: {fault}"), help);
        })
        .ok()
}

fn answer(section: &Mapping<'_>, preset: Preset) -> AnswerMap {
    let mut answer = preset.answer();
    match answer.place {
        AnswerPlace::Body => field_map::read(section, &mut answer.fields),
        AnswerPlace::Headers => header_names(section, &mut answer),
    }
    if let Some(valid) = section.get("valid") {
        let path = match answer.place {
            AnswerPlace::Body => field_map::path(valid),
            AnswerPlace::Headers => header_path(valid),
        };
        answer.valid = path.or(answer.valid);
        answer.unsaid = match answer.place {
            AnswerPlace::Body => Unsaid::Broken,
            AnswerPlace::Headers => Unsaid::Invalid,
        };
    }
    if answer.fields.path(Field::UserId).is_none() {
        let message = "nothing says where the user is named";
        let place = section.get("map").unwrap_or(section.value);
        place.fault(message, "map: {user_id: …}, a header or a path in JSON");
    }
    answer
}

fn header_names(section: &Mapping<'_>, answer: &mut AnswerMap) {
    let Some(map) = section.section("map", keys::MAP) else {
        return;
    };
    for (word, field) in Field::ALL {
        if let Some(path) = map.get(word).and_then(header_path) {
            answer.fields.set(field, path);
        }
    }
    let attributes = map.get("attrs").and_then(Value::named);
    for (name, value) in attributes.unwrap_or_default() {
        if let Some(path) = header_path(value) {
            answer.fields.set_attribute(name.text, path);
        }
    }
}

fn header_path(value: Value<'_>) -> Option<FieldPath> {
    let name = value.parsed(HEADER_HELP, |text| text.parse::<HeaderName>())?;
    FieldPath::of([name.as_str()])
}

fn method(section: &Mapping<'_>, answer: &AnswerMap) -> AskMethod {
    let method = section.choice("method", &words::ASK_METHODS);
    let method = method.unwrap_or_default();
    if method == AskMethod::Head && answer.place == AnswerPlace::Body {
        let help = "GET or POST, or an `identity` that is read from headers";
        let place = section.get("method").unwrap_or(section.value);
        place.fault("an answer to HEAD has no body to read", help);
    }
    method
}

fn headers(value: Value<'_>) -> Vec<(HeaderName, Secret<String>)> {
    let mut headers = Vec::new();
    for (name, value) in value.named().unwrap_or_default() {
        let Ok(header) = name.text.parse::<HeaderName>() else {
            name.place.fault("not a header name", HEADER_HELP);
            continue;
        };
        if TAKEN.contains(&header.as_str()) {
            let message = format!("`{header}` is written by the gateway");
            name.place.fault(message, "remove it");
            continue;
        }
        let Some(text) = secrets::read_or_plain(value) else {
            continue;
        };
        if HeaderValue::from_str(text.expose()).is_err() {
            value.fault("not the value of a header", "visible ASCII and blanks");
            continue;
        }
        headers.push((header, text));
    }
    headers
}

fn statuses(value: Value<'_>) -> Statuses {
    let mut statuses = Statuses::default();
    for (name, value) in value.named().unwrap_or_default() {
        let Some(meaning) = value.choice("status", &words::MEANINGS) else {
            continue;
        };
        let status = name.text.parse().unwrap_or(0);
        if let Err(fault) = statuses.set(status, meaning) {
            name.place.fault(fault.to_string(), "");
        }
    }
    statuses
}

const DEFAULT_PRESET: Preset = Preset::Skygear;

const MOST_IN_FLIGHT: u64 = 10_000;

const HEADER_HELP: &str = "the name of a header, such as X-User";

/// They hold the credential, frame the question, or name who asks.
const TAKEN: [&str; 12] = [
    "authorization",
    "cookie",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
