//! Servers that the gateway itself asks: their URLs and authorities.

use crate::config::reading::Value;
use crate::fetch::{Authorities, FetchTarget, TARGET_HELP};
use std::fs;

/// Reads a URL, and the authorities that vouch for its certificate.
pub(super) fn target(url: Value<'_>, ca: Option<Value<'_>>) -> Option<FetchTarget> {
    let authorities = match ca {
        Some(ca) => Some(authorities(ca)?),
        None => None,
    };
    url.parsed(TARGET_HELP, |text| FetchTarget::parse(text, authorities))
}

fn authorities(ca: Value<'_>) -> Option<Authorities> {
    let pem = fs::read(ca.path()?)
        .inspect_err(|error| ca.fault(format!("cannot read the CA: {error}"), ""))
        .ok()?;
    Authorities::parse(&pem)
        .inspect_err(|fault| ca.fault(fault.to_string(), "PEM text with BEGIN CERTIFICATE"))
        .ok()
}
