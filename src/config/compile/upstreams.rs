//! `upstreams:`, and the addresses that routes name directly.

use crate::config::address;
use crate::config::keys;
use crate::config::reading::{Mapping, Name, Value};
use crate::upstream::{Server, UpstreamSettings, UpstreamTimeouts};

/// What routes may name, by index, and which of it they did.
#[derive(Default)]
pub(super) struct Upstreams<'a> {
    settings: Vec<UpstreamSettings>,
    /// Of the named ones, which come first; in the same order.
    names: Vec<Name<'a>>,
    used: Vec<bool>,
}

impl<'a> Upstreams<'a> {
    pub(super) fn read(root: &Mapping<'a>) -> Self {
        let mut upstreams = Self::default();
        let lines = root.get("upstreams").and_then(Value::named);
        for (name, value) in lines.unwrap_or_default() {
            if !is_name(name.text) {
                name.place.fault("not a name", NAME_HELP);
            }
            let (servers, timeouts) = group(value).unwrap_or_default();
            upstreams.settings.push(UpstreamSettings {
                name: name.text.to_owned(),
                servers,
                timeouts,
            });
            upstreams.names.push(name);
            upstreams.used.push(false);
        }
        upstreams
    }

    /// The index of what a route names: one of `upstreams`, or an address, which becomes one of its own.
    pub(super) fn resolve(&mut self, value: Value<'a>) -> Option<usize> {
        let help = format!("a name from `upstreams`, or {}", address::SERVER_HELP);
        let text = value.text_such_as(&help)?;
        let known = self.settings.iter().position(|known| known.name == text);
        if let Some(index) = known {
            if let Some(used) = self.used.get_mut(index) {
                *used = true;
            }
            return Some(index);
        }
        if is_name(text) {
            let names = self.names.iter().map(|name| name.text);
            let help = keys::nearest(text, names).unwrap_or(help);
            value.fault(format!("no upstream is called `{text}`"), help);
            return None;
        }
        let server = server(value)?;
        self.settings.push(UpstreamSettings {
            name: server.to_string(),
            servers: vec![server],
            timeouts: UpstreamTimeouts::default(),
        });
        Some(self.settings.len() - 1)
    }

    /// What the upstream of this index is called.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.settings.get(index).map(|group| group.name.as_str())
    }

    /// Warns of what no route names, and gives the settings.
    pub(super) fn finish(self) -> Vec<UpstreamSettings> {
        for (name, used) in self.names.iter().zip(&self.used) {
            if !used {
                let message = format!("no route uses the upstream `{}`", name.text);
                name.place.warn(message, "remove it or name it in a route");
            }
        }
        self.settings
    }
}

/// What names look like: they are metric labels and parts of URLs.
pub(super) const NAME_HELP: &str = "1 to 64 letters, digits, `-` and `_`";

/// Whether text can name an upstream or a source.
pub(super) fn is_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(legal)
}

fn group(value: Value<'_>) -> Option<(Vec<Server>, UpstreamTimeouts)> {
    if !value.is_mapping() {
        return Some((servers(value), UpstreamTimeouts::default()));
    }
    let section = value.mapping(keys::UPSTREAM)?;
    section.choice("balance", &[("round_robin", ())]);
    let timeouts = timeouts(&section);
    let servers = servers(section.required("servers", "a list of addresses")?);
    Some((servers, timeouts))
}

fn servers(value: Value<'_>) -> Vec<Server> {
    let items = value.items();
    if items.is_empty() {
        value.fault("an upstream has at least one server", address::SERVER_HELP);
    }
    let mut servers: Vec<Server> = Vec::new();
    for item in items {
        match server(item) {
            Some(server) if servers.contains(&server) => {
                item.fault("this server stands here twice", "remove one");
            }
            Some(server) => servers.push(server),
            None => {}
        }
    }
    servers
}

fn server(value: Value<'_>) -> Option<Server> {
    let folder = value.place.reading.folder;
    value.parsed(address::SERVER_HELP, |text| address::server(text, folder))
}

fn timeouts(upstream: &Mapping<'_>) -> UpstreamTimeouts {
    let mut timeouts = UpstreamTimeouts::default();
    if let Some(section) = upstream.section("timeout", keys::UPSTREAM_TIMEOUT) {
        section.timeouts([
            ("connect", &mut timeouts.connect),
            ("read", &mut timeouts.read),
            ("write", &mut timeouts.write),
            ("idle", &mut timeouts.idle),
        ]);
    }
    timeouts
}
