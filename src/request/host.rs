//! `Host`: the one canonical form of a host, which decides and is forwarded (design rule R14).

use super::malformed::Malformed;
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host in canonical form; borrowed when it was shown that way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host<'a> {
    authority: Cow<'a, str>,
    name_len: usize,
}

impl Host<'_> {
    /// What routes are matched with: lower-case, no port, no trailing dot; an IPv6 address in brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        self.authority.get(..self.name_len).unwrap_or_default()
    }

    /// What is forwarded: the name and the port as shown, if any.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// Brings `Host` or `:authority` into canonical form.
///
/// Names are letters, digits, `-`, `_` and dots; an internationalised name arrives as its A-labels. An empty port
/// is dropped (RFC 3986 §6.2.3). A name whose last label is a number must be a plain IPv4 address, since resolvers
/// read `0x7f.1` as one.
///
/// # Errors
/// [`Malformed::HostMissing`] when empty, [`Malformed::HostSyntax`] for everything else, user information included.
pub fn canonical_host(raw: &str) -> Result<Host<'_>, Malformed> {
    if raw.is_empty() {
        return Err(Malformed::HostMissing);
    }
    let name_end = match raw.strip_prefix('[') {
        Some(_) => raw.find(']').map(|bracket| bracket + 1),
        None => Some(raw.find(':').unwrap_or(raw.len())),
    };
    let (name, rest) = name_end
        .and_then(|end| raw.split_at_checked(end))
        .ok_or(Malformed::HostSyntax)?;
    let port = port(rest)?;
    let name = match name.strip_prefix('[') {
        Some(_) => canonical_ipv6(name)?,
        None => canonical_name(name)?,
    };
    let name_len = name.len();
    let authority = match (name, port) {
        (name, None) => name,
        (Cow::Borrowed(name), Some(port)) if raw.len() == name.len() + 1 + port.len() => {
            Cow::Borrowed(raw)
        }
        (name, Some(port)) => Cow::Owned(format!("{name}:{port}")),
    };
    Ok(Host {
        authority,
        name_len,
    })
}

/// 1 to 65535 without leading zeros, or nothing.
fn port(rest: &str) -> Result<Option<&str>, Malformed> {
    if rest.is_empty() || rest == ":" {
        return Ok(None);
    }
    rest.strip_prefix(':')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|digits| !digits.starts_with('0') && digits.parse::<u16>().is_ok())
        .map(Some)
        .ok_or(Malformed::HostSyntax)
}

fn canonical_ipv6(bracketed: &str) -> Result<Cow<'_, str>, Malformed> {
    let address: Ipv6Addr = bracketed
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .map_err(|_| Malformed::HostSyntax)?;
    let canonical = format!("[{address}]");
    Ok(if canonical == bracketed {
        Cow::Borrowed(bracketed)
    } else {
        Cow::Owned(canonical)
    })
}

fn canonical_name(name: &str) -> Result<Cow<'_, str>, Malformed> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label_fits = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(legal);
    let is_name = name.len() <= 253 && name.split('.').all(label_fits);
    if !is_name || (ends_in_number(name) && name.parse::<Ipv4Addr>().is_err()) {
        return Err(Malformed::HostSyntax);
    }
    Ok(if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    })
}

fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    hex.map_or_else(
        || last.bytes().all(|byte| byte.is_ascii_digit()),
        |digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
    )
}

#[cfg(test)]
mod tests {
    use super::canonical_host;
    use crate::request::Malformed;
    use proptest::prelude::*;
    use std::borrow::Cow;

    #[test]
    fn every_spelling_of_a_host_has_one_canonical_form() {
        let cases = [
            ("example.com", "example.com", "example.com"),
            ("example.com:8080", "example.com", "example.com:8080"),
            ("EXAMPLE.Com", "example.com", "example.com"),
            ("Example.COM.:8080", "example.com", "example.com:8080"),
            ("example.com.", "example.com", "example.com"),
            ("example.com:", "example.com", "example.com"),
            ("example.com.:", "example.com", "example.com"),
            ("my_service", "my_service", "my_service"),
            (
                "xn--bcher-kva.example",
                "xn--bcher-kva.example",
                "xn--bcher-kva.example",
            ),
            ("127.0.0.1:80", "127.0.0.1", "127.0.0.1:80"),
            ("[::1]", "[::1]", "[::1]"),
            ("[::1]:8443", "[::1]", "[::1]:8443"),
            ("[0:0:0:0:0:0:0:1]:8443", "[::1]", "[::1]:8443"),
            ("[FE80::A]", "[fe80::a]", "[fe80::a]"),
        ];
        for (raw, name, authority) in cases {
            let host = canonical_host(raw).expect(raw);
            assert_eq!((host.name(), host.authority()), (name, authority), "{raw}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        assert_eq!(canonical_host(""), Err(Malformed::HostMissing));
        let too_long = "a.".repeat(127) + "com";
        let long_label = "a".repeat(64) + ".com";
        let cases = [
            ".",
            "..",
            ":80",
            ".example.com",
            "example..com",
            "example.com..",
            "example.com:http",
            "example.com:0",
            "example.com:080",
            "example.com:65536",
            "example.com:+80",
            "example.com:80:80",
            "user@example.com",
            "user:80@example.com",
            "example.com/path",
            "example.com?x",
            "example.com#x",
            "exa mple.com",
            " example.com",
            "example.com\t",
            "example.com\0",
            "example.com,evil.com",
            "%65xample.com",
            "bücher.example",
            "*.example.com",
            "127.1",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "2130706433",
            "0x7f000001",
            "example.0x",
            "1.2.3.4.5",
            "256.1.1.1",
            "::1",
            "[::1",
            "[]",
            "[[::1]]",
            "[::1]80",
            "[::1]x:80",
            "[fe80::1%25eth0]",
            "[v1.fe80]",
            "[127.0.0.1]",
            &too_long,
            &long_label,
        ];
        for raw in cases {
            assert_eq!(canonical_host(raw), Err(Malformed::HostSyntax), "{raw:?}");
        }
    }

    #[test]
    fn a_canonical_host_is_borrowed() {
        for raw in ["example.com", "example.com:8080", "[::1]:1", "10.0.0.1"] {
            let host = canonical_host(raw).expect(raw);
            assert!(matches!(host.authority, Cow::Borrowed(_)), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn canonical_twice_is_canonical_once(raw in "[a-zA-Z0-9._:\\[\\]-]{0,24}") {
            if let Ok(host) = canonical_host(&raw) {
                let again = canonical_host(host.authority()).expect("canonical");
                prop_assert_eq!(again.authority(), host.authority());
                prop_assert_eq!(again.name(), host.name());
            }
        }

        #[test]
        fn no_host_panics(raw in any::<String>()) {
            let _ = canonical_host(&raw);
        }
    }
}
