//! `HostPattern` and `PathPattern`: what a route matches, parsed.

use crate::request::{Malformed, canonical_host, canonical_path};
use std::fmt;
use std::net::Ipv4Addr;
use thiserror::Error;

/// `blog.example.com`, `*.example.com`, or any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// As [`crate::request::Host::name`] gives it: lower-case, no port, no trailing dot.
    Exact(Box<str>),
    /// `*.example.com` matches one or more labels before `.example.com`; holds `.example.com`.
    Wildcard(Box<str>),
    /// Left out, or `*`.
    Any,
}

/// `/admin`, `/admin/*`, or any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathPattern {
    /// The canonical path itself.
    Exact(Box<str>),
    /// `/admin/*` matches `/admin/`, everything below, and `/admin` itself, so that a rule on it cannot be passed by
    /// leaving out the slash; holds `/admin/`.
    Prefix(Box<str>),
    /// Left out, or `/*`.
    Any,
}

/// Why a pattern is refused; the text says what would be right.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct PatternError(pub String);

impl HostPattern {
    /// Parses a host pattern; letter case and a trailing dot make no difference.
    ///
    /// # Errors
    /// When it is neither a host name or address, nor `*.` before a name.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (name, is_wildcard) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let host = canonical_host(name).map_err(|_| refuse_host(text))?;
        if host.authority().len() > host.name().len() {
            return Err(PatternError(format!(
                "a host has no port here; write {}",
                text.rsplit_once(':').map_or(text, |(host, _)| host)
            )));
        }
        let is_address = host.name().starts_with('[') || host.name().parse::<Ipv4Addr>().is_ok();
        match (is_wildcard, is_address) {
            (true, true) => Err(refuse_host(text)),
            (true, false) => Ok(Self::Wildcard(format!(".{}", host.name()).into())),
            (false, _) => Ok(Self::Exact(host.name().into())),
        }
    }
}

impl PathPattern {
    /// Parses a path pattern; the path must already be in canonical form.
    ///
    /// # Errors
    /// When it does not start with `/`, is not canonical, or has a `*` that is not its last byte after `/`.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let (path, is_prefix) = match text.strip_suffix('*') {
            Some(path) => (path, true),
            None => (text, false),
        };
        if path.contains('*') {
            return Err(PatternError(String::from(
                "a * stands only at the end, after a slash, as in /admin/*",
            )));
        }
        if is_prefix && !path.ends_with('/') {
            return Err(PatternError(format!(
                "a * stands only after a slash; write {path}/* for what is below it, or {path} for the path itself"
            )));
        }
        let canonical = canonical_path(path).map_err(|why| refuse_path(path, why))?;
        if canonical != path {
            let star = if is_prefix { "*" } else { "" };
            return Err(PatternError(format!(
                "requests are matched in canonical form; write {canonical}{star}"
            )));
        }
        Ok(match (is_prefix, path) {
            (true, "/") => Self::Any,
            (true, _) => Self::Prefix(path.into()),
            (false, _) => Self::Exact(path.into()),
        })
    }
}

/// `/admin` for `/admin/`: the shortest path below a prefix.
pub(super) fn prefix_stem(prefix: &str) -> &str {
    prefix.strip_suffix('/').unwrap_or(prefix)
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Wildcard(suffix) => write!(f, "*{suffix}"),
            Self::Any => f.write_str("*"),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => f.write_str(path),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Any => f.write_str("/*"),
        }
    }
}

fn refuse_host(text: &str) -> PatternError {
    PatternError(if text.is_ascii() {
        String::from("not a host name, *.name, or address such as 127.0.0.1 or [::1]")
    } else {
        String::from("clients send the ASCII form of this name; write its labels as xn--…")
    })
}

fn refuse_path(path: &str, why: Malformed) -> PatternError {
    PatternError(match why {
        Malformed::Target if !path.starts_with('/') => {
            format!("a path starts with a slash; write /{path}")
        }
        Malformed::Target => String::from("a path has no ? and no #: the query is not matched"),
        _ => format!("no request can have this path: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{HostPattern, PathPattern};

    #[test]
    fn a_wrong_host_pattern_names_the_remedy() {
        let shapes = "not a host name, *.name, or address such as 127.0.0.1 or [::1]";
        let cases = [
            ("", shapes),
            ("blog.*.com", shapes),
            ("*example.com", shapes),
            ("*.10.0.0.1", shapes),
            ("http://example.com", shapes),
            (
                "blog.example.com:443",
                "a host has no port here; write blog.example.com",
            ),
            ("[::1]:443", "a host has no port here; write [::1]"),
            (
                "bücher.example",
                "clients send the ASCII form of this name; write its labels as xn--…",
            ),
        ];
        for (pattern, message) in cases {
            let fault = HostPattern::parse(pattern).expect_err(pattern);
            assert_eq!(fault.to_string(), message, "{pattern}");
        }
    }

    #[test]
    fn a_wrong_path_pattern_names_the_remedy() {
        let cases = [
            ("admin", "a path starts with a slash; write /admin"),
            (
                "/api*",
                "a * stands only after a slash; write /api/* for what is below it, or /api for the path itself",
            ),
            (
                "/*/x",
                "a * stands only at the end, after a slash, as in /admin/*",
            ),
            (
                "/a//b/*",
                "requests are matched in canonical form; write /a/b/*",
            ),
            (
                "/café",
                "requests are matched in canonical form; write /caf%C3%A9",
            ),
            (
                "/a?b=c",
                "a path has no ? and no #: the query is not matched",
            ),
            (
                "/a%2fb",
                "no request can have this path: The path holds a backslash or an encoded separator.",
            ),
        ];
        for (pattern, message) in cases {
            let fault = PathPattern::parse(pattern).expect_err(pattern);
            assert_eq!(fault.to_string(), message, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_prints_as_it_is_written() {
        for text in ["*", "*.example.com", "example.com"] {
            assert_eq!(HostPattern::parse(text).expect(text).to_string(), text);
        }
        for text in ["/*", "/admin/*", "/admin", "/"] {
            assert_eq!(PathPattern::parse(text).expect(text).to_string(), text);
        }
    }
}
