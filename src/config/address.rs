//! Addresses as people write them: where to listen, and where a server is.

use crate::listen::Endpoint;
use crate::upstream::Server;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use thiserror::Error;

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum AddressError {
    #[error("not an address to listen on")]
    Endpoint,
    #[error("a listener has an IP address, not a name")]
    Name,
    #[error("not the address of a server")]
    Server,
    #[error("an address has no scheme and no path")]
    Scheme,
    #[error("the port is missing")]
    NoPort,
    #[error("not a port")]
    Port,
}

/// What an address to listen on looks like.
pub(super) const ENDPOINT_HELP: &str =
    "`:8080`, `127.0.0.1:8080`, `\"[::1]:8080\"` or `unix:/run/app.sock`";
/// What the address of a server looks like.
pub(super) const SERVER_HELP: &str =
    "`10.0.0.1:8080`, `app.internal:8080`, `\"[fd00::1]:8080\"` or `unix:/run/app.sock`";

/// `:8080`, an IP address with its port, or `unix:` and a path.
pub(super) fn endpoint(text: &str, folder: &Path) -> Result<Endpoint, AddressError> {
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return Ok(Endpoint::Unix(folder.join(path)));
    }
    if let Some(port) = text.strip_prefix(':') {
        return port_number(port)
            .map(Endpoint::Any)
            .ok_or(AddressError::Endpoint);
    }
    if let Ok(address) = text.parse() {
        return Ok(Endpoint::Tcp(address));
    }
    let is_name = text.rsplit_once(':').is_some_and(|(host, port)| {
        let has_letters = host.contains(|c: char| c.is_ascii_alphabetic());
        has_letters && host_name(host).is_some() && port_number(port).is_some()
    });
    Err(if is_name {
        AddressError::Name
    } else {
        AddressError::Endpoint
    })
}

/// Whether both cannot be bound at once.
pub(super) fn clash(one: &Endpoint, other: &Endpoint) -> bool {
    match (one, other) {
        (Endpoint::Any(any), Endpoint::Tcp(tcp)) | (Endpoint::Tcp(tcp), Endpoint::Any(any)) => {
            *any == tcp.port()
        }
        _ => one == other,
    }
}

/// A host and a port, or `unix:` and a path.
pub(super) fn server(text: &str, folder: &Path) -> Result<Server, AddressError> {
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return Ok(Server::Unix(folder.join(path)));
    }
    if text.contains("://") {
        return Err(AddressError::Scheme);
    }
    if host_name(text).is_some() {
        return Err(AddressError::NoPort);
    }
    let (host, port) = text.rsplit_once(':').ok_or(AddressError::Server)?;
    let host = host_name(host).ok_or(AddressError::Server)?;
    let port = port_number(port).filter(|port| *port > 0);
    let port = port.ok_or(AddressError::Port)?;
    Ok(Server::Tcp { host, port })
}

/// Digits alone: the standard parser would take `+80` too.
pub(super) fn port_number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A host name, an IPv4 address, or an IPv6 address in brackets; given back without them.
pub(super) fn host_name(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(IpAddr::from(address).to_string());
    }
    let label = |label: &str| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(legal)
    };
    let whole = text.strip_suffix('.').unwrap_or(text);
    (whole.len() <= 253 && whole.split('.').all(label)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{AddressError, clash, endpoint, server};
    use std::path::Path;

    #[test]
    fn endpoints_and_servers_show_as_they_are_written() {
        let folder = Path::new("/etc/gate");
        for text in [":8080", "127.0.0.1:80", "[::1]:80", "unix:/run/a.sock"] {
            let seen = endpoint(text, folder).map(|endpoint| endpoint.to_string());
            assert_eq!(seen.as_deref(), Ok(text));
        }
        for text in [
            "10.0.0.1:80",
            "app.internal:80",
            "a_b:1",
            "[fd00::1]:80",
            "unix:/run/a",
        ] {
            let seen = server(text, folder).map(|server| server.to_string());
            assert_eq!(seen.as_deref(), Ok(text));
        }
        let relative = server("unix:app.sock", folder).map(|server| server.to_string());
        assert_eq!(relative.as_deref(), Ok("unix:/etc/gate/app.sock"));
    }

    #[test]
    fn what_is_nearly_an_address_is_told_what_is_missing() {
        let folder = Path::new("");
        for (text, fault) in [
            ("localhost:80", AddressError::Name),
            ("127.0.0.1", AddressError::Endpoint),
            ("unix:", AddressError::Endpoint),
        ] {
            assert_eq!(endpoint(text, folder), Err(fault), "{text}");
        }
        for (text, fault) in [
            ("http://app:80", AddressError::Scheme),
            ("app.internal", AddressError::NoPort),
            ("app:0", AddressError::Port),
            ("a b:80", AddressError::Server),
        ] {
            assert_eq!(server(text, folder), Err(fault), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let folder = Path::new("");
        for text in [
            "8080",
            "localhost:80",
            "127.0.0.1",
            ":99999",
            ":+80",
            "unix:",
            "*:80",
        ] {
            assert!(endpoint(text, folder).is_err(), "{text}");
        }
        for text in [
            "app",
            "app:0",
            "app:+80",
            "http://app:80",
            "::1:80",
            ":80",
            "a..b:80",
            "[app]:80",
        ] {
            assert!(server(text, folder).is_err(), "{text}");
        }
    }

    #[test]
    fn one_port_is_bound_once() {
        let cases = [
            (":80", "127.0.0.1:80", true),
            (":80", ":80", true),
            (":80", ":81", false),
            ("127.0.0.1:80", "127.0.0.2:80", false),
        ];
        for (one, other, expected) in cases {
            let parse = |text| endpoint(text, Path::new("")).expect(text);
            assert_eq!(clash(&parse(one), &parse(other)), expected, "{one} {other}");
        }
    }
}
