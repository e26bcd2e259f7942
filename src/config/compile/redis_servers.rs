//! Which servers a Redis source has: `url`, `sentinel` or `cluster`.

use super::redis_url::{self, RedisPlace, RedisUrl};
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::secret::Secret;
use crate::store::{
    ClusterSettings, RedisAddress, RedisNode, RedisServers, RedisTls, SentinelSettings,
};
use std::fs;

/// The servers, and what their address says beside where they are.
pub(super) struct Servers {
    pub(super) servers: RedisServers,
    pub(super) db: i64,
    /// Of the URL.
    pub(super) username: Option<String>,
    /// Of the URL.
    pub(super) password: Option<Secret<String>>,
}

/// Servers named by a URL alone.
pub(super) fn by_url(value: Value<'_>) -> Option<Servers> {
    let url = url(value)?;
    Some(of_url(url, None))
}

/// Servers named by the mapping.
pub(super) fn by_mapping(section: &Mapping<'_>) -> Option<Servers> {
    let named = [
        ("url", section.get("url")),
        ("sentinel", section.get("sentinel")),
        ("cluster", section.get("cluster")),
    ];
    let mut places = named
        .iter()
        .filter_map(|(key, value)| Some((*key, (*value)?)));
    let Some((key, value)) = places.next() else {
        if !named.iter().any(|(key, _)| section.has_misspelt(key)) {
            let help = format!("{}; or `sentinel`, or `cluster`", redis_url::HELP);
            section.value.fault("missing key `url`", help);
        }
        return None;
    };
    if let Some((_, second)) = places.next() {
        let help = "keep one of `url`, `sentinel` and `cluster`, or name two sources";
        second.fault("a Redis source has its servers in one place", help);
        return None;
    }
    let (servers, db) = match key {
        "url" => {
            refuse_with_url(section);
            return Some(of_url(url(value)?, section.get("ca")));
        }
        "sentinel" => {
            let sentinel = sentinel(value, tls(section));
            let db = section.get("db").and_then(database).unwrap_or(0);
            (RedisServers::Sentinel(Box::new(sentinel?)), db)
        }
        _ => {
            if let Some(db) = section.get("db") {
                db.fault("a cluster has the database 0 alone", "remove it");
            }
            (RedisServers::Cluster(cluster(value, tls(section))?), 0)
        }
    };
    Some(Servers {
        servers,
        db,
        username: None,
        password: None,
    })
}

fn url(value: Value<'_>) -> Option<RedisUrl> {
    let url = value.parsed(redis_url::HELP, redis_url::parse)?;
    if url.password.is_some() && !value.is_interpolated() {
        value.place.warn(
            "a password stands in the file itself",
            "use the long form: redis: {url: …, password: {credential: …}}",
        );
    }
    Some(url)
}

pub(super) fn of_url(url: RedisUrl, ca: Option<Value<'_>>) -> Servers {
    Servers {
        servers: RedisServers::One(address(url.place, ca)),
        db: url.db,
        username: url.username,
        password: url.password,
    }
}

fn address(place: RedisPlace, ca: Option<Value<'_>>) -> RedisAddress {
    let (host, port, tls) = match place {
        RedisPlace::Tcp { host, port, tls } => (host, port, tls),
        RedisPlace::Unix(path) => {
            refuse_ca(ca, URL_TLS);
            return RedisAddress::Unix(path);
        }
    };
    if !tls {
        refuse_ca(ca, URL_TLS);
    }
    let tls = tls.then(|| RedisTls {
        ca_pem: ca.and_then(certificates),
    });
    RedisAddress::Tcp { host, port, tls }
}

fn refuse_with_url(section: &Mapping<'_>) {
    if let Some(db) = section.get("db") {
        db.fault("the URL says which database", "redis://host:6379/3");
    }
    if let Some(tls) = section.get("tls") {
        tls.fault("the URL says whether TLS is spoken", URL_TLS);
    }
}

fn tls(section: &Mapping<'_>) -> Option<RedisTls> {
    let ca = section.get("ca");
    if !section.get("tls").and_then(Value::boolean).unwrap_or(false) {
        refuse_ca(ca, "set `tls: true`");
        return None;
    }
    Some(RedisTls {
        ca_pem: ca.and_then(certificates),
    })
}

fn refuse_ca(ca: Option<Value<'_>>, help: &str) {
    if let Some(ca) = ca {
        ca.fault("a CA is for TLS, and none is spoken here", help);
    }
}

fn database(value: Value<'_>) -> Option<i64> {
    let number = value.count(0, u32::MAX.into())?;
    i64::try_from(number).ok()
}

fn sentinel(value: Value<'_>, tls: Option<RedisTls>) -> Option<SentinelSettings> {
    let section = value.mapping(keys::SENTINEL)?;
    let help = "as `sentinel monitor` calls it, such as `mymaster`";
    let master = section.required("master", help);
    let master = master.and_then(|master| master.text_such_as(help));
    let seeds = section.required("nodes", SENTINELS_HELP);
    let seeds = seeds.and_then(|seeds| nodes(seeds, redis_url::SENTINEL_PORT, SENTINELS_HELP));
    let username = section.get("username").and_then(Value::text);
    Some(SentinelSettings {
        username: username.map(str::to_owned),
        password: section.get("password").and_then(secrets::read),
        master: master?.to_owned(),
        nodes: seeds?,
        tls,
    })
}

fn cluster(value: Value<'_>, tls: Option<RedisTls>) -> Option<ClusterSettings> {
    let nodes = nodes(value, redis_url::PORT, CLUSTER_HELP)?;
    Some(ClusterSettings { nodes, tls })
}

/// A list of `host:port`, each once.
fn nodes(value: Value<'_>, default_port: u16, help: &str) -> Option<Vec<RedisNode>> {
    let items = value.items();
    if items.is_empty() || items.len() > MOST_NODES {
        let message = format!("from one to {MOST_NODES} nodes are named");
        value.fault(message, help);
        return None;
    }
    let mut nodes = Vec::new();
    for item in items {
        let parse = |text: &str| redis_url::node(text, default_port);
        let Some(node) = item.parsed(help, parse) else {
            continue;
        };
        if nodes.contains(&node) {
            item.fault("this node stands here twice", "remove one");
        }
        nodes.push(node);
    }
    Some(nodes)
}

fn certificates(value: Value<'_>) -> Option<Vec<u8>> {
    let pem = fs::read(value.path()?)
        .inspect_err(|error| value.fault(format!("cannot read the CA: {error}"), ""))
        .ok()?;
    let head = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(head.len()).any(|window| window == head) {
        value.fault(
            "no certificate in this file",
            "PEM text with BEGIN CERTIFICATE",
        );
        return None;
    }
    Some(pem)
}

const URL_TLS: &str = "use rediss://";

/// The others are found through them.
const MOST_NODES: usize = 32;

const SENTINELS_HELP: &str =
    "a list of `host:port`, such as [10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379]";

const CLUSTER_HELP: &str =
    "a list of `host:port`, such as [10.0.0.1:6379, 10.0.0.2:6379, 10.0.0.3:6379]";
