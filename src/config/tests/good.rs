//! What a file becomes.

use super::{compile, compile_in, good};
use crate::config::environment::FixedEnvironment;
use crate::config::load::{compile_text, load};
use crate::policy::{OnDisabled, OnInvalid};
use crate::route::Credentials;
use crate::store::{Invalidation, RedisAddress, RedisServers, StoreSettings};
use crate::token::{Duplicates, TokenSource};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Names in alphabetical order: JSON objects come out sorted.
const FULL: &str = r#"
listen: [":80", "127.0.0.1:8081", "unix:gate.sock"]
trusted_proxies: [10.0.0.0/8, "::1"]
client: {timeout: {header: 5s}, max_header: 32KiB, max_headers: 50, max_body: none}
upstreams:
  blog: 10.0.0.1:80
  pair: [10.0.0.1:80, "unix:app.sock"]
  slow: {servers: "app.internal:80", balance: round_robin, timeout: {read: 5m}}
sessions:
  main: {token: [bearer, {cookie: sid}], key: "s:{token}", redis: "redis://10.0.0.9:7000/3"}
  old: {token: {cookie: {name: old, duplicates: first}}, redis: {url: "unix:///run/r.sock?db=2", username: gate, timeout: {reply: 1s}}}
  own: {memory: }
  set: {redis: {sentinel: {master: m, nodes: [10.0.0.1, "[::1]:7001", "s.internal:7002"], username: watcher}, db: 5, tls: true}}
  shards: {redis: {cluster: [10.0.0.4, "c.internal:7000"], username: gate}}
cache: {max_entries: 1_000, ttl: 10s, negative_ttl: 0s, stale_if_error: 1h, invalidation: none}
routes:
  - {host: a.example, path: /x/*, upstream: blog, sessions: main, identity: skygear, require: {roles: [admin], verified: true}}
  - {host: a.example, upstream: pair, sessions: [own, old], identity: [{profile: skygear, types: any}, hasura]}
  - {host: "*.b.example", upstream: slow, identity: {headers: {X-Off: "{{{user.disabled}}}", X-User: "{attrs.a.b} {user.id}"}}}
  - {host: c.example, upstream: slow, identity: authgear, credentials: keep, underscores: pass, max_body: 1KiB}
  - {path: /d, upstream: "10.0.0.7:80", require: session}
  - {name: rest, upstream: "10.0.0.7:80"}
admin: {listen: "unix:/run/admin.sock"}
threads: 4
log: {level: debug, format: json, access: sampled}
shutdown: {drain: 5s}
"#;

#[test]
fn what_is_in_force_reads_back_to_the_same_blueprint() {
    let first = good(FULL);
    assert_eq!(first.warnings, []);
    let mut shown = first.redacted.clone();
    // Authgear's default, which `disabled:` itself cannot say.
    for route in shown["routes"].as_array_mut().expect("routes") {
        if route["disabled"] == "invalid" {
            route.as_object_mut().expect("a route").remove("disabled");
        }
    }
    let text = serde_json::to_string_pretty(&shown).expect("JSON is YAML");
    let second = good(&text).blueprint;
    assert_eq!(second, first.blueprint, "{text}");
}

#[test]
fn sources_are_read_in_every_form() {
    let blueprint = good(FULL).blueprint;
    let [main, old, own, set, shards] = blueprint.sources.as_slice() else {
        panic!("{:?}", blueprint.sources);
    };
    assert_eq!(
        main.tokens
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["bearer", "cookie:sid"]
    );
    let StoreSettings::Redis(redis) = &main.store else {
        panic!("{main:?}")
    };
    assert_eq!(
        (redis.servers.to_string().as_str(), redis.db),
        ("redis://10.0.0.9:7000", 3)
    );
    let key = redis.key.as_ref().map(ToString::to_string);
    assert_eq!(key.as_deref(), Some("s:{token}"));
    let StoreSettings::Redis(redis) = &old.store else {
        panic!("{old:?}")
    };
    let unix = RedisAddress::Unix("/run/r.sock".into());
    assert_eq!(redis.servers, RedisServers::One(unix));
    assert_eq!((redis.db, redis.username.as_deref()), (2, Some("gate")));
    assert_eq!(redis.reply_timeout, Duration::from_secs(1));
    let [TokenSource::Cookie(cookie)] = old.tokens.as_slice() else {
        panic!("{old:?}")
    };
    assert_eq!(cookie.duplicates, Duplicates::First);
    assert_eq!(own.tokens.len(), 2, "bearer and the cookie `session`");
    let StoreSettings::Redis(redis) = &set.store else {
        panic!("{set:?}")
    };
    assert_eq!(
        (redis.servers.to_string().as_str(), redis.db),
        (
            "sentinel m of 10.0.0.1:26379, [::1]:7001, s.internal:7002",
            5
        )
    );
    let RedisServers::Sentinel(sentinel) = &redis.servers else {
        panic!("{redis:?}")
    };
    assert_eq!(sentinel.username.as_deref(), Some("watcher"));
    assert!(sentinel.tls.is_some(), "to the sentinels and to the master");
    let StoreSettings::Redis(redis) = &shards.store else {
        panic!("{shards:?}")
    };
    let text = redis.servers.to_string();
    assert_eq!(text, "cluster of 10.0.0.4:6379, c.internal:7000");
}

#[test]
fn changes_are_tracked_unless_the_file_says_otherwise() {
    use Invalidation::{None, PubSub, Tracking};
    let file = |key: &str, cache: &str| {
        format!(
            "listen: :80\nsessions: {{key: '{key}', redis: 'redis://h'}}\n{cache}\nroutes: [{{upstream: 'a:1', identity: skygear}}]"
        )
    };
    let cases = [
        ("s:{sha256}", "", Tracking, "tracking"),
        ("s:{sha256}", "cache: {ttl: 1h}", Tracking, "tracking"),
        (
            "s:{sha256}",
            "cache: {invalidation: tracking}",
            Tracking,
            "tracking",
        ),
        ("s:{sha256}", "cache: {invalidation: none}", None, "none"),
        ("{token}", "cache: {invalidation: none}", None, "none"),
        ("{token}", "cache: {invalidation: pubsub}", PubSub, "pubsub"),
    ];
    for (key, cache, expected, word) in cases {
        let loaded = good(&file(key, cache));
        let StoreSettings::Redis(redis) = &loaded.blueprint.sources[0].store else {
            panic!("{key} {cache}")
        };
        assert_eq!(redis.invalidation, expected, "{key} {cache}");
        assert_eq!(
            loaded.redacted["cache"]["invalidation"], word,
            "{key} {cache}"
        );
    }
}

#[test]
fn routes_take_the_stricter_default() {
    let blueprint = good(FULL).blueprint;
    let seen: Vec<_> = blueprint
        .routes
        .iter()
        .map(|route| {
            (
                route.name.as_str(),
                route.sources.as_slice(),
                route.invalid,
                route.disabled,
                route.credentials,
            )
        })
        .collect();
    use Credentials::{Keep, Strip};
    use OnInvalid::{Anonymous, Reject};
    let expected: [(&str, &[usize], _, _, _); 6] = [
        ("a.example/x/*", &[0], Reject, OnDisabled::Forward, Strip),
        ("a.example", &[2, 1], Reject, OnDisabled::Reject, Strip),
        (
            "*.b.example",
            &[0, 1, 2, 3, 4],
            Anonymous,
            OnDisabled::Forward,
            Strip,
        ),
        (
            "c.example",
            &[0, 1, 2, 3, 4],
            Anonymous,
            OnDisabled::Invalid,
            Keep,
        ),
        ("/d", &[0, 1, 2, 3, 4], Reject, OnDisabled::Reject, Keep),
        ("rest", &[], Anonymous, OnDisabled::Forward, Keep),
    ];
    assert_eq!(seen, expected);
    let bodies: Vec<_> = blueprint
        .routes
        .iter()
        .map(|route| route.max_body_bytes)
        .collect();
    assert_eq!(bodies, [None, None, None, Some(1024), None, None]);
    let upstreams: Vec<_> = blueprint
        .upstreams
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(upstreams, ["blog", "pair", "slow", "10.0.0.7:80"]);
    assert_eq!(
        blueprint.upstreams[1].servers[1].to_string(),
        "unix:/etc/gate/app.sock"
    );
}

#[test]
fn variables_give_numbers_bools_and_secrets() {
    let text = "listen: \":${PORT}\"\nthreads: ${THREADS}\nsessions: {redis: {url: redis://h, password: {env: PW}}}\n\
                routes: [{upstream: \"a:1\", identity: {profile: hasura, allowed_roles: \"${ROLES:-true}\"}}]\n";
    let loaded = compile_in(text, &[("PORT", "81"), ("THREADS", "3"), ("PW", "x")]).expect(text);
    assert_eq!(loaded.blueprint.threads.map(|n| n.get()), Some(3));
    assert_eq!(loaded.blueprint.listeners[0].to_string(), ":81");
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.hash.len(), 16);
}

#[test]
fn files_are_found_beside_the_configuration_and_credentials_where_systemd_puts_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("pw"), "from-file\n").expect("written");
    fs::write(at("cred"), "from-credential\r\n").expect("written");
    fs::write(
        at("seed.yaml"),
        "- {token: t0, ttl: 1h, record: {v: 1, user_id: u1}}\n",
    )
    .expect("written");
    let text = "listen: :1\nsessions:\n  a: {redis: {url: redis://h, password: {file: pw}}}\n  \
                b: {redis: {url: redis://h, password: {credential: cred}}}\n  c: {memory: {seed: seed.yaml}}\n\
                routes: [{upstream: \"a:1\", require: session}]\n";
    fs::write(at("config.yaml"), text).expect("written");
    let credentials = folder.path().to_string_lossy();
    let environment = FixedEnvironment::of(&[("CREDENTIALS_DIRECTORY", &credentials)]);
    let blueprint = load(&at("config.yaml"), &environment)
        .expect(text)
        .blueprint;
    let passwords: Vec<_> = blueprint
        .sources
        .iter()
        .filter_map(|source| match &source.store {
            StoreSettings::Redis(redis) => redis.password.as_ref(),
            StoreSettings::Memory(_) | StoreSettings::Carried(_) => None,
        })
        .map(|secret| secret.expose().clone())
        .collect();
    assert_eq!(passwords, ["from-file", "from-credential"]);
    let StoreSettings::Memory(memory) = &blueprint.sources[2].store else {
        panic!("{:?}", blueprint.sources);
    };
    let [(_, seeded)] = memory.sessions.as_slice() else {
        panic!("{memory:?}");
    };
    assert_eq!(seeded.session.user_id, "u1");
    assert_eq!(seeded.ttl, Some(Duration::from_secs(3600)));
}

#[test]
fn a_missing_file_is_an_issue_and_not_a_panic() {
    let issues = load(
        Path::new("/nowhere/config.yaml"),
        &FixedEnvironment::default(),
    );
    let shown = issues.expect_err("no file").to_string();
    assert!(shown.starts_with("error: cannot read it: "), "{shown}");
    assert!(shown.ends_with("\n --> /nowhere/config.yaml"), "{shown}");
    assert!(compile_text("x", "\u{0}", Path::new(""), &FixedEnvironment::default()).is_err());
}

#[test]
fn a_file_cut_short_or_damaged_never_panics() {
    for (at, _) in FULL.char_indices().step_by(7) {
        let (head, tail) = FULL.split_at(at);
        for damage in ["", "\t", "\"", "{", "é: &", "\n- "] {
            drop(compile(&format!("{head}{damage}")));
            drop(compile(&format!("{head}{damage}{tail}")));
        }
    }
}
