//! The files of `conf/`, the schema and the reader's own tables say the same.

use super::compile_text;
use crate::blueprint::Blueprint;
use crate::cache::CachePolicy;
use crate::config::environment::FixedEnvironment;
use crate::config::keys;
use crate::config::schema;
use crate::listen::ClientLimits;
use crate::observe::LogSettings;
use crate::upstream::UpstreamTimeouts;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const REFERENCE: &str = include_str!("../../../conf/reference.yaml");

fn reference() -> Blueprint {
    super::good(REFERENCE).blueprint
}

#[test]
fn every_example_compiles_without_a_warning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).expect("conf/ is there") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        seen += 1;
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).expect("readable");
        let head = "# yaml-language-server: $schema=sessiongate.schema.json\n";
        assert!(text.starts_with(head), "{name}");
        let loaded = compile_text(&name, &text, &folder, &FixedEnvironment::default());
        let loaded = loaded.unwrap_or_else(|issues| panic!("{issues}"));
        assert_eq!(loaded.warnings, [], "{name}");
    }
    assert!(seen >= 4, "{seen} examples");
}

#[test]
fn the_reference_states_the_defaults() {
    let seen = reference();
    let smallest =
        super::good("listen: :8080\nroutes: [{upstream: \"127.0.0.1:9000\", name: \"*\"}]");
    let smallest = smallest.blueprint;
    assert_eq!(seen.client, ClientLimits::default());
    assert_eq!(seen.cache, CachePolicy::default());
    assert_eq!(seen.log, LogSettings::default());
    assert_eq!(seen.upstreams[0].timeouts, UpstreamTimeouts::default());
    assert_eq!(seen.routes, smallest.routes);
    assert_eq!(seen.listeners, smallest.listeners);
    assert_eq!(seen.trusted_proxies, smallest.trusted_proxies);
    assert_eq!(
        (seen.threads, seen.drain),
        (smallest.threads, smallest.drain)
    );
    assert_eq!(
        (smallest.client, smallest.cache, smallest.log),
        (seen.client, seen.cache, seen.log)
    );
    let bare = super::good(
        "listen: :8080\nsessions: redis://127.0.0.1:6379\nroutes: [{upstream: \"a:1\", require: session}]",
    );
    let (mut stated, bare) = (seen.sources[0].clone(), bare.blueprint.sources[0].clone());
    stated.name.clone_from(&bare.name);
    assert_eq!(stated, bare);
}

#[test]
fn the_schema_has_the_keys_of_the_reader_and_the_reference_names_each() {
    let schema = schema();
    for section in keys::ALL {
        let definition = match section.name {
            "configuration" => &schema,
            name => &schema["$defs"][name],
        };
        let properties = definition["properties"].as_object();
        let properties = properties.unwrap_or_else(|| panic!("no {} in the schema", section.name));
        let stated: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        let read: BTreeSet<&str> = section.keys.iter().copied().collect();
        assert_eq!(stated, read, "{}", section.name);
        assert_eq!(
            definition["additionalProperties"],
            Value::Bool(false),
            "{}",
            section.name
        );
        for key in section.keys {
            assert!(
                REFERENCE.contains(&format!("{key}:")),
                "{}.{key}",
                section.name
            );
        }
    }
    let definitions = schema["$defs"].as_object().expect("definitions");
    for (name, definition) in definitions {
        let known = keys::ALL.iter().any(|section| section.name == name);
        assert!(
            known || definition.get("properties").is_none(),
            "{name} is read by nobody"
        );
    }
}

#[test]
fn the_reference_names_every_word_of_a_later_release() {
    let (_, later) = REFERENCE
        .split_once("# Words that are known")
        .expect("the last block");
    for word in keys::LATER {
        assert!(later.contains(word.word), "{}: {}", word.place, word.word);
    }
}
