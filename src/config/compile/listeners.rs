//! `listen:` and `trusted_proxies:`.

use crate::config::address;
use crate::config::keys;
use crate::config::raw::Yaml;
use crate::config::reading::{Mapping, Value};
use crate::listen::{Endpoint, Network};

/// Every listener, at least one, no two on the same port of the same address.
pub(super) fn listen(root: &Mapping<'_>) -> Option<Vec<Endpoint>> {
    let help = format!("where clients connect: {}", address::ENDPOINT_HELP);
    let value = root.required("listen", &help)?;
    let mut bound: Vec<Endpoint> = Vec::new();
    let items = value.items();
    if items.is_empty() {
        value.fault("no listener", help);
    }
    for item in items {
        let Some(endpoint) = listener(item) else {
            continue;
        };
        match bound.iter().find(|other| address::clash(other, &endpoint)) {
            Some(other) => item.fault(
                format!("`{other}` takes this address already"),
                "remove one",
            ),
            None => bound.push(endpoint),
        }
    }
    Some(bound)
}

/// A listener's short form or its mapping.
fn listener(value: Value<'_>) -> Option<Endpoint> {
    if !value.is_mapping() {
        return endpoint(value);
    }
    let section = value.mapping(keys::LISTENER)?;
    endpoint(section.required("address", address::ENDPOINT_HELP)?)
}

/// An address to bind.
pub(super) fn endpoint(value: Value<'_>) -> Option<Endpoint> {
    if let Yaml::Number(_) = value.node.yaml {
        value.fault(
            "a port alone is no address",
            "put a colon before it: `:8080`",
        );
        return None;
    }
    let folder = value.place.reading.folder;
    value.parsed(address::ENDPOINT_HELP, |text| {
        address::endpoint(text, folder)
    })
}

/// Networks whose forwarding headers are believed; none if left out.
pub(super) fn trusted_proxies(root: &Mapping<'_>) -> Vec<Network> {
    let Some(value) = root.get("trusted_proxies") else {
        return Vec::new();
    };
    let items = value.items().into_iter();
    items
        .filter_map(|item| item.parsed("such as 10.0.0.0/8 or fd00::/8", str::parse))
        .collect()
}
