//! `sessions:`: one source, or several by name.

use super::carried;
use super::memory;
use super::place::Place;
use super::redis;
use super::tokens;
use super::upstreams::{NAME_HELP, is_name};
use crate::blueprint::SourceSettings;
use crate::config::keys;
use crate::config::raw::Node;
use crate::config::reading::{Mapping, Name, Value};
use crate::store::{CarriedSettings, Invalidation, MemorySettings, StoreSettings};

/// What routes may name, by index, and which of it they did.
#[derive(Default)]
pub(super) struct Sources<'a> {
    settings: Vec<SourceSettings>,
    /// Where each is named; the only source may have no name.
    names: Vec<Name<'a>>,
    used: Vec<bool>,
    /// Whether a route asks it that looks into bodies.
    body_used: Vec<bool>,
}

impl<'a> Sources<'a> {
    /// Redis sources learn of changes by these means.
    pub(super) fn read(root: &Mapping<'a>, by: Invalidation) -> Self {
        let mut sources = Self::default();
        let Some(value) = root.get("sessions") else {
            return sources;
        };
        if !value.is_mapping() || is_single(value) {
            let place = value.place;
            let text = "default";
            sources.add(Name { text, place }, value, by);
            return sources;
        }
        for (name, value) in value.named().unwrap_or_default() {
            check_name(name);
            sources.add(name, value, by);
        }
        sources
    }

    fn add(&mut self, name: Name<'a>, value: Value<'a>, by: Invalidation) {
        let name_text = name.text.to_owned();
        let settings = source(name_text, value, by);
        self.settings.push(settings);
        self.names.push(name);
        self.used.push(false);
        self.body_used.push(false);
    }

    /// Every source, in the order of the file.
    pub(super) fn all(&mut self) -> Vec<usize> {
        self.used.fill(true);
        (0..self.settings.len()).collect()
    }

    /// The indices of what a route names.
    pub(super) fn resolve(&mut self, value: Value<'a>) -> Vec<usize> {
        let mut found = Vec::new();
        for item in value.items() {
            match self.find(item) {
                Some(index) if found.contains(&index) => {
                    item.fault("this source stands here twice", "remove one");
                }
                Some(index) => found.push(index),
                None => {}
            }
        }
        found
    }

    fn find(&mut self, value: Value<'a>) -> Option<usize> {
        let text = value.text()?;
        let named = |name: &Name<'a>| name.text == text;
        let Some(index) = self.names.iter().position(named) else {
            let help = keys::nearest(text, self.names.iter().map(|name| name.text))
                .unwrap_or_else(|| "a name from `sessions`".to_owned());
            // Only what could be a name is quoted: a URL with its password could not.
            let message = if is_name(text) {
                format!("no session source is called `{text}`")
            } else {
                "not the name of a session source".to_owned()
            };
            value.fault(message, help);
            return None;
        };
        if let Some(used) = self.used.get_mut(index) {
            *used = true;
        }
        Some(index)
    }

    /// Notes that a route looks into bodies for these; whether any of them takes its token from one.
    pub(super) fn look_into_bodies(&mut self, asked: &[usize]) -> bool {
        for index in asked {
            if let Some(used) = self.body_used.get_mut(*index) {
                *used = true;
            }
        }
        let mut settings = asked.iter().filter_map(|index| self.settings.get(*index));
        settings.any(looks_into_bodies)
    }

    /// Whether any of these is kept by a framework that an application runs, in a cookie of its own.
    pub(super) fn are_an_applications(&self, asked: &[usize]) -> bool {
        let mut settings = asked.iter().filter_map(|index| self.settings.get(*index));
        settings.any(is_an_applications)
    }

    /// Warns of what no route asks, and gives the settings.
    pub(super) fn finish(self) -> Vec<SourceSettings> {
        for (name, used) in self.names.iter().zip(&self.used) {
            if !used {
                let message = format!("no route asks the session source `{}`", name.text);
                let help = "remove it or give a route an `identity`";
                name.place.warn(message, help);
            }
        }
        let sources = self.names.iter().zip(&self.settings).zip(&self.body_used);
        for ((name, settings), used) in sources {
            if looks_into_bodies(settings) && !used {
                let message = format!(
                    "no route looks into bodies for the tokens of `{}`",
                    name.text
                );
                name.place
                    .warn(message, "`body_token: true` on a route that asks it");
            }
        }
        self.settings
    }
}

fn looks_into_bodies(source: &SourceSettings) -> bool {
    source
        .tokens
        .iter()
        .any(|token| token.body_kind().is_some())
}

fn is_an_applications(source: &SourceSettings) -> bool {
    let kept = match &source.store {
        StoreSettings::Redis(redis) => redis.format.is_an_applications(),
        StoreSettings::Memory(_) | StoreSettings::Carried(_) => false,
    };
    source.tokens.iter().enumerate().any(|(place, token)| {
        let is_cookie = token.cookies().next().is_some();
        is_cookie && (kept || source.store.envelope(place).is_some())
    })
}

/// Words that make a mapping one source.
const RESERVED: [&str; 7] = ["token", "key", "redis", "memory", "http", "jwt", "revoked"];

/// Those of them that only a source holds. `key` is easily written under `redis`, where it does not belong.
const STORES: [&str; 4] = ["redis", "memory", "http", "jwt"];

/// A mapping of sources may hold one that is, wrongly, called like a source's key; its value gives it away.
fn is_single(value: Value<'_>) -> bool {
    let has_one_of = |node: &Node, words: &[&str]| {
        let mut keys = node.entries().iter().map(|entry| entry.key.as_str());
        keys.any(|key| words.contains(&key))
    };
    let mut values = value.node.entries().iter().map(|entry| &entry.value);
    has_one_of(value.node, &RESERVED) && !values.any(|value| has_one_of(value, &STORES))
}

fn check_name(name: Name<'_>) {
    if RESERVED.contains(&name.text) {
        name.place.fault(
            format!("a session source cannot be called `{}`", name.text),
            "the word is a key of every source; choose another name",
        );
    } else if !is_name(name.text) {
        name.place.fault("not a name", NAME_HELP);
    }
}

/// A source that is refused keeps its name, so that routes can still name it.
fn source(name: String, value: Value<'_>, by: Invalidation) -> SourceSettings {
    let mut settings = SourceSettings {
        name,
        tokens: tokens::by_default(),
        store: StoreSettings::Memory(MemorySettings::default()),
        idle_timeout: None,
    };
    let stored = if value.is_mapping() {
        value.mapping(keys::SOURCE).and_then(|section| {
            let places = tokens::places(&section);
            settings.tokens = places.iter().map(|place| place.token.clone()).collect();
            settings.idle_timeout = section.get("idle_timeout").and_then(Value::timeout);
            store(&section, &places, by)
        })
    } else {
        redis::records(value, None, &settings.tokens, by).map(StoreSettings::Redis)
    };
    settings.store = stored.unwrap_or(settings.store);
    settings
}

fn store(section: &Mapping<'_>, places: &[Place], by: Invalidation) -> Option<StoreSettings> {
    let kept = kept(section, places, by);
    let revoked = section.get("revoked");
    let has_envelope = places.iter().any(|place| place.envelope.is_some());
    if kept.is_some() {
        for proof in [section.get("jwt"), section.get("http")] {
            refuse(
                proof,
                "a session source keeps its sessions in one place",
                "keep one of `redis`, `memory`, `jwt` and `http`, or name two sources",
            );
        }
        refuse(
            revoked,
            "`revoked` belongs to what carries its own session",
            "records are revoked where they are kept",
        );
        if has_envelope {
            let message = "a `cookie_session` carries its own session, and none is looked up";
            let help = "leave `redis` or `memory` out, or look for a plain `cookie`";
            section.value.fault(message, help);
        }
        return kept?;
    }
    refuse(
        section.get("key"),
        "`key` belongs to `redis`",
        "what carries its own session has none",
    );
    let revoked = revoked.map(|value| redis::marks(value, by));
    let proof = carried::proof(section, places);
    let revoked = match revoked {
        Some(revoked) => Some(revoked?),
        None => None,
    };
    Some(StoreSettings::Carried(Box::new(CarriedSettings {
        proof: proof?,
        revoked,
    })))
}

fn refuse(value: Option<Value<'_>>, message: &str, help: &str) {
    if let Some(value) = value {
        value.fault(message, help);
    }
}

/// Where records are; the outer `None`: nowhere.
fn kept(
    section: &Mapping<'_>,
    places: &[Place],
    by: Invalidation,
) -> Option<Option<StoreSettings>> {
    let key = section.get("key");
    match (section.get("redis"), section.get("memory")) {
        (Some(redis), None) => {
            let tokens: Vec<_> = places.iter().map(|place| place.token.clone()).collect();
            let settings = redis::records(redis, key, &tokens, by);
            Some(settings.map(StoreSettings::Redis))
        }
        (None, Some(memory)) => {
            refuse(
                key,
                "`key` belongs to `redis`",
                "the embedded store needs none",
            );
            Some(memory::settings(memory).map(StoreSettings::Memory))
        }
        (Some(_), Some(memory)) => {
            let help = "keep one of `redis` and `memory`, or name two sources";
            memory.fault("a session source keeps its sessions in one place", help);
            Some(None)
        }
        (None, None) => None,
    }
}
