//! `format:` of a Redis store: a preset, and what the application does otherwise.

use super::field_map;
use super::presets::{Idle, PRESETS, Preset};
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::words::{self, Signing};
use crate::formats::Encoding;
use crate::formats::handle::{Authenticate, Handle, ItsDangerous, Laravel, LaravelCipher, Take};
use crate::formats::{HmacDigest, Secrets};
use crate::secret::Secret;
use crate::store::{
    Field, FieldMap, FieldPath, ForeignFormat, IdleSpan, Idleness, RecordFormat, Shape,
};
use crate::token::TokenSource;
use std::time::Duration;

/// The preset that a `redis:` section names, if any; nothing is reported.
pub(super) fn preset_of(redis: Value<'_>) -> Option<&'static Preset> {
    let format = redis.node.get("format")?;
    let word = match format.entries() {
        [only] => only.key.as_str(),
        _ => format.text()?,
    };
    by_word(word)
}

/// Reads `format:`; `tokens` are those of the source.
pub(super) fn read(redis: &Mapping<'_>, tokens: &[TokenSource]) -> Option<RecordFormat> {
    let Some(value) = redis.get("format") else {
        return Some(RecordFormat::Native);
    };
    if !value.is_mapping() {
        let words: Vec<(&'static str, &'static str)> = [NATIVE]
            .into_iter()
            .chain(PRESETS.iter().map(|preset| preset.word))
            .map(|word| (word, word))
            .collect();
        let word = value.choice("format", &words)?;
        let Some(preset) = by_word(word) else {
            return Some(RecordFormat::Native);
        };
        return build(preset, None, value, tokens);
    }
    let section = value.mapping(keys::FORMAT)?;
    let mut named = PRESETS
        .iter()
        .filter_map(|preset| Some((preset, section.get(preset.word)?)));
    let (preset, options) = named.next()?;
    if let Some((_, second)) = named.next() {
        second.fault("records are of one format", "keep one of them");
        return None;
    }
    let options = options.mapping(keys::FORMAT_OPTIONS)?;
    build(preset, Some(options), value, tokens)
}

fn by_word(word: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.word == word)
}

fn build(
    preset: &'static Preset,
    options: Option<Mapping<'_>>,
    place: Value<'_>,
    tokens: &[TokenSource],
) -> Option<RecordFormat> {
    let options = options.as_ref();
    let handle = handle(preset, options, place, tokens);
    let shape = shape(preset, options);
    let map = map(preset, options);
    let lifetime = options
        .and_then(|options| options.get("lifetime"))
        .map_or(Some(preset.lifetime), |value| lifetime(value, &map));
    let idle = idle(preset, options);
    let token_hash = path_option(options, "token_hash", preset.token_hash);
    Some(RecordFormat::Foreign(Box::new(ForeignFormat {
        name: preset.word,
        shape: shape?,
        idle: idle?,
        lifetime: lifetime?,
        token_hash,
        handle: handle?,
        map,
    })))
}

fn map(preset: &Preset, options: Option<&Mapping<'_>>) -> FieldMap {
    let mut map = FieldMap::default();
    for (field, path) in preset.fields {
        if let Some(path) = FieldPath::parse(path) {
            map.set(*field, path);
        }
    }
    for (name, path) in preset.attrs {
        if let Some(path) = FieldPath::parse(path) {
            map.set_attribute(name, path);
        }
    }
    if let Some(options) = options {
        field_map::read_fields(options, &mut map);
    }
    map
}

fn shape(preset: &Preset, options: Option<&Mapping<'_>>) -> Option<Shape> {
    let Some(value) = options.and_then(|options| options.get("encoding")) else {
        return Some(preset.shape.clone());
    };
    if !matches!(preset.shape, Shape::Text(_)) {
        value.fault("this format has one encoding", "leave it out");
        return None;
    }
    let words = Encoding::ALL.map(|encoding| (encoding.as_str(), encoding));
    value.choice("encoding", &words).map(Shape::Text)
}

/// An end that could not be reckoned would be none at all.
fn lifetime(value: Value<'_>, map: &FieldMap) -> Option<Option<Duration>> {
    let span = value.timeout()?;
    if map.path(Field::CreatedAt).is_none() {
        let help = "created_at: session.createdAt, where the record says when it was made";
        value.fault(
            "`lifetime` counts from `created_at`, which is not known",
            help,
        );
        return None;
    }
    Some(Some(span))
}

fn idle(preset: &Preset, options: Option<&Mapping<'_>>) -> Option<Option<Idleness>> {
    let given = options.and_then(|options| options.get("idle_timeout"));
    let Some(last_used) = path_option(options, "last_used", preset.last_used) else {
        if let Some(value) = given {
            let help = "last_used: access.at, where the framework writes it; or the source's own `idle_timeout`";
            value.fault(
                "`idle_timeout` counts from `last_used`, which is not known",
                help,
            );
            return None;
        }
        return Some(None);
    };
    let span = match (given, preset.idle) {
        (Some(value), _) => IdleSpan::Fixed(value.timeout()?),
        (None, Idle::Fixed(span)) => IdleSpan::Fixed(span),
        (None, Idle::Field(path)) => IdleSpan::Field(FieldPath::parse(path)?),
        (None, Idle::Unknown) => {
            let value = options.and_then(|options| options.get("last_used"))?;
            value.fault(
                "nothing ends so long after the last use",
                "idle_timeout: 30m",
            );
            return None;
        }
    };
    Some(Some(Idleness { last_used, span }))
}

fn path_option(
    options: Option<&Mapping<'_>>,
    key: &'static str,
    preset: Option<&str>,
) -> Option<FieldPath> {
    match options.and_then(|options| options.get(key)) {
        Some(value) => field_map::path(value),
        None => FieldPath::parse(preset?),
    }
}

fn handle(
    preset: &Preset,
    options: Option<&Mapping<'_>>,
    place: Value<'_>,
    tokens: &[TokenSource],
) -> Option<Handle> {
    let decode = match options.and_then(|options| options.get("decode")) {
        None => preset.decode.to_vec(),
        Some(value) => {
            let steps = value.items().into_iter();
            steps
                .filter_map(|step| step.choice("decode", &words::DECODE))
                .collect()
        }
    };
    let transform = options.and_then(|options| options.choice("transform", &words::TRANSFORM));
    Some(Handle {
        decode,
        authenticate: authenticate(preset, options, place, tokens)?,
        take: Take::Whole,
        transform: transform.unwrap_or(preset.transform),
    })
}

fn authenticate(
    preset: &Preset,
    options: Option<&Mapping<'_>>,
    place: Value<'_>,
    tokens: &[TokenSource],
) -> Option<Authenticate> {
    let given = options.and_then(|options| options.get("secrets"));
    let chosen = options.and_then(|options| options.choice("signature", &words::SIGNATURE));
    let signing = chosen.unwrap_or(preset.signing);
    refuse_useless(options, signing, given);
    let is_optional = chosen.is_none() && signing == Signing::ItsDangerous;
    let Some(given) = given else {
        if signing == Signing::None || is_optional {
            return Some(Authenticate::None);
        }
        place.fault(
            format!("`{}` cookies are signed, and no secret is given", preset.word),
            "secrets: [{env: SESSION_SECRET}], the application's own; `signature: none` only if it signs nothing",
        );
        return None;
    };
    if signing == Signing::None {
        let help = "remove `secrets`, or say how they sign: `signature: value`";
        given.fault("nothing is signed with these secrets", help);
        return None;
    }
    let read: Option<Vec<Secret<String>>> = given.items().into_iter().map(secrets::read).collect();
    let read = read?;
    if signing == Signing::Laravel {
        return laravel(options, given, &read, tokens).map(Authenticate::Laravel);
    }
    let read = Secrets::new(read)
        .inspect_err(|fault| given.fault(fault.to_string(), "the application's own secrets"))
        .ok()?;
    Some(match signing {
        Signing::None | Signing::Laravel => Authenticate::None,
        Signing::Express => Authenticate::Express(read),
        Signing::SignedValue => Authenticate::SignedValue(read),
        Signing::ItsDangerous => Authenticate::ItsDangerous(itsdangerous(read, options)),
    })
}

/// A secret that nothing is checked with would be taken for a proof.
fn refuse_useless(options: Option<&Mapping<'_>>, signing: Signing, secrets: Option<Value<'_>>) {
    if let (Signing::None, Some(secrets)) = (signing, secrets) {
        let help = "leave `secrets` out, or say how it is signed: `signature`";
        secrets.fault("nothing is signed here, so nothing is checked", help);
    }
    let owners = [
        ("salt", Signing::ItsDangerous),
        ("digest", Signing::ItsDangerous),
        ("cipher", Signing::Laravel),
    ];
    for (key, owner) in owners {
        let value = options.and_then(|options| options.get(key));
        if let Some(value) = value.filter(|_| signing != owner || secrets.is_none()) {
            let owner = words::word(&words::SIGNATURE, &owner).unwrap_or_default();
            let message = format!("`{key}` belongs to `signature: {owner}`, with its `secrets`");
            value.fault(message, "leave it out");
        }
    }
}

fn itsdangerous(secrets: Secrets, options: Option<&Mapping<'_>>) -> ItsDangerous {
    let mut signer = ItsDangerous::flask_session(secrets);
    let salt = options.and_then(|options| options.get("salt"));
    if let Some(salt) = salt.and_then(Value::text) {
        signer.salt = salt.to_owned();
    }
    let digest = options.and_then(|options| options.choice("digest", &words::DIGEST));
    signer.digest = digest.unwrap_or(HmacDigest::Sha1);
    signer
}

/// The encryption binds the cookie's name.
fn laravel(
    options: Option<&Mapping<'_>>,
    given: Value<'_>,
    keys: &[Secret<String>],
    tokens: &[TokenSource],
) -> Option<Laravel> {
    let mut names = tokens.iter().flat_map(TokenSource::cookies);
    let (Some(name), None) = (names.next(), names.next()) else {
        given.fault(
            "Laravel's cookies are bound to their name, so its source looks at exactly one",
            "token: [{cookie: laravel_session}]",
        );
        return None;
    };
    let cipher = options.and_then(|options| options.choice("cipher", &words::CIPHER));
    Laravel::new(
        cipher.unwrap_or(LaravelCipher::Aes256Cbc),
        keys,
        name.as_str(),
    )
    .inspect_err(|fault| given.fault(fault.to_string(), "APP_KEY as it stands in .env"))
    .ok()
}

/// The gateway's own.
const NATIVE: &str = "native";
