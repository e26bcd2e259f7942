//! `FetchTarget`: a URL of the configuration, taken apart. Pure data.

use super::authorities::Authorities;
use http::Uri;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use thiserror::Error;

/// What is asked, and where. `Debug` and `Display` hide the query: some services want a key in it.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchTarget {
    pub(super) place: Place,
    /// What `Host` says.
    pub(super) authority: String,
    /// Starts with `/`.
    pub(super) path_and_query: String,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Name or address without brackets; TLS with its authorities.
    Tcp {
        host: String,
        port: u16,
        tls: Option<Tls>,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// Certificates are always verified, and so is the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    /// `None`: the system's roots.
    pub(super) authorities: Option<Authorities>,
}

/// Why a URL is refused. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// Neither of those that are spoken.
    #[error("not a URL that can be asked")]
    Scheme,
    /// `https:` in a build without TLS.
    #[error("this build has no TLS; build it with the feature `rustls`")]
    NoTls,
    /// `user:password@`.
    #[error("a URL holds no user and no password here: send them in a header")]
    UserInfo,
    /// `#`.
    #[error("a fragment is never sent to a server")]
    Fragment,
    /// Host or port.
    #[error("not a host name or address with a port")]
    Authority,
    /// Characters that no URL has.
    #[error("not the path of a URL; write other characters percent-encoded")]
    Path,
    /// `unix:` with something else than an absolute path.
    #[error("the path of a unix socket is absolute and at most {MAX_SOCKET_BYTES} bytes long")]
    Socket,
    /// Authorities for an address without TLS.
    #[error("a CA is for TLS, and none is spoken here: use https://")]
    UselessCa,
}

/// What such a URL looks like.
pub const TARGET_HELP: &str = "https://auth.example.com/resolve, http://127.0.0.1:3000/resolve or unix:/run/auth.sock:/resolve";

impl FetchTarget {
    /// `http://`, `https://`, or `unix:`, the path of a socket, `:`, and what is asked there.
    ///
    /// # Errors
    /// When it is none of these, or holds what is never sent.
    pub fn parse(text: &str, authorities: Option<Authorities>) -> Result<Self, TargetError> {
        if text.contains('#') {
            return Err(TargetError::Fragment);
        }
        if let Some(rest) = text.strip_prefix("unix:") {
            return match authorities {
                None => unix(rest),
                Some(_) => Err(TargetError::UselessCa),
            };
        }
        let (scheme, rest) = text.split_once("://").ok_or(TargetError::Scheme)?;
        let (tls, default_port) = match scheme {
            "http" if authorities.is_some() => return Err(TargetError::UselessCa),
            "http" => (None, 80),
            "https" if cfg!(not(feature = "rustls")) => return Err(TargetError::NoTls),
            "https" => (Some(Tls { authorities }), 443),
            _ => return Err(TargetError::Scheme),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(TargetError::Scheme)?;
        let (host, port) = host_and_port(authority, default_port)?;
        Ok(Self {
            place: Place::Tcp { host, port, tls },
            authority: authority.to_owned(),
            path_and_query: path_and_query(path)?,
        })
    }

    /// Whether whoever is on the way to the server could change its answers: without TLS, and not on this host.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        let Place::Tcp {
            host, tls: None, ..
        } = &self.place
        else {
            return false;
        };
        let address: Option<IpAddr> = host.parse().ok();
        let is_local = address.map_or(host.eq_ignore_ascii_case("localhost"), |it| {
            it.is_loopback()
        });
        !is_local
    }

    /// Whether its certificate must come from a site's own authorities.
    #[must_use]
    pub fn has_authorities(&self) -> bool {
        match &self.place {
            Place::Tcp { tls: Some(tls), .. } => tls.authorities.is_some(),
            _ => false,
        }
    }
}

fn unix(rest: &str) -> Result<FetchTarget, TargetError> {
    let (socket, path) = rest.split_once(":/").unwrap_or((rest, ""));
    if !socket.starts_with('/') || socket.len() > MAX_SOCKET_BYTES {
        return Err(TargetError::Socket);
    }
    let path = match path {
        "" => String::new(),
        path => format!("/{path}"),
    };
    Ok(FetchTarget {
        place: Place::Unix(socket.into()),
        authority: "localhost".to_owned(),
        path_and_query: path_and_query(&path)?,
    })
}

fn host_and_port(authority: &str, default_port: u16) -> Result<(String, u16), TargetError> {
    if authority.contains('@') {
        return Err(TargetError::UserInfo);
    }
    let bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if host.len() >= bracket => (host, Some(port)),
        _ => (authority, None),
    };
    let port = match port {
        None => default_port,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port = digits.parse().ok().filter(|port| *port > 0);
            port.ok_or(TargetError::Authority)?
        }
        Some(_) => return Err(TargetError::Authority),
    };
    Ok((host_name(host).ok_or(TargetError::Authority)?, port))
}

fn host_name(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(IpAddr::from(address).to_string());
    }
    let label = |label: &str| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(legal)
    };
    let whole = text.strip_suffix('.').unwrap_or(text);
    (whole.len() <= 253 && whole.split('.').all(label)).then(|| whole.to_owned())
}

fn path_and_query(text: &str) -> Result<String, TargetError> {
    let text = match text.strip_prefix('?') {
        Some(query) => format!("/?{query}"),
        None if text.is_empty() => "/".to_owned(),
        None => text.to_owned(),
    };
    // `Uri` lets bytes beyond ASCII pass, which a request line must not hold.
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    let uri: Option<Uri> = text.parse().ok().filter(|_| visible);
    let same = uri.and_then(|uri| Some(uri.path_and_query()?.as_str() == text));
    if same == Some(true) {
        Ok(text)
    } else {
        Err(TargetError::Path)
    }
}

impl fmt::Display for FetchTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self.path_and_query.split_once('?') {
            Some((path, _)) => format!("{path}?***"),
            None => self.path_and_query.clone(),
        };
        match &self.place {
            Place::Unix(socket) => write!(f, "unix:{}:{path}", socket.display()),
            Place::Tcp { tls: None, .. } => write!(f, "http://{}{path}", self.authority),
            Place::Tcp { tls: Some(_), .. } => write!(f, "https://{}{path}", self.authority),
        }
    }
}

impl fmt::Debug for FetchTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchTarget({self})")
    }
}

/// `sun_path` with its final NUL (unix(7)).
const MAX_SOCKET_BYTES: usize = 107;

#[cfg(test)]
mod tests {
    use super::{FetchTarget, Place, TargetError};

    #[test]
    fn without_tls_only_this_host_is_not_exposed() {
        let cases = [
            ("http://127.0.0.1:3000/", false),
            ("http://127.9.0.1/", false),
            ("http://[::1]:80/", false),
            ("http://localhost:3000/", false),
            ("unix:/run/auth.sock", false),
            ("https://auth.example.com/", false),
            ("http://auth.example.com/", true),
            ("http://10.0.0.1/", true),
            ("http://localhost.example.com/", true),
        ];
        for (url, expected) in cases {
            let target = FetchTarget::parse(url, None).expect(url);
            assert_eq!(target.is_exposed(), expected, "{url}");
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        let cases = [
            ("http://auth", "auth", 80, "/"),
            ("http://auth:3000/resolve?a=b", "auth", 3000, "/resolve?a=b"),
            ("http://auth.internal.?x", "auth.internal", 80, "/?x"),
            ("http://127.0.0.1:3000/%20", "127.0.0.1", 3000, "/%20"),
            ("http://[::1]/", "::1", 80, "/"),
            ("http://[::1]:81/", "::1", 81, "/"),
        ];
        for (text, host, port, path) in cases {
            let target = FetchTarget::parse(text, None).expect(text);
            let place = Place::Tcp {
                host: host.to_owned(),
                port,
                tls: None,
            };
            assert_eq!(target.place, place, "{text}");
            assert_eq!(target.path_and_query, path, "{text}");
        }
    }

    #[test]
    fn a_unix_socket_is_followed_by_the_path() {
        for (text, path) in [
            ("unix:/run/auth.sock", "/"),
            ("unix:/run/auth.sock:/resolve?x=1", "/resolve?x=1"),
        ] {
            let target = FetchTarget::parse(text, None).expect(text);
            assert_eq!(target.place, Place::Unix("/run/auth.sock".into()));
            assert_eq!(target.path_and_query, path);
            assert_eq!(target.authority, "localhost");
        }
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        let cases = [
            ("auth:3000", TargetError::Scheme),
            ("ftp://auth/", TargetError::Scheme),
            ("HTTP://auth/", TargetError::Scheme),
            ("http://user:pass@auth/", TargetError::UserInfo),
            ("http://auth/#part", TargetError::Fragment),
            ("http://", TargetError::Authority),
            ("http://:80/", TargetError::Authority),
            ("http://auth:0/", TargetError::Authority),
            ("http://auth:+80/", TargetError::Authority),
            ("http://auth:99999/", TargetError::Authority),
            ("http://a b/", TargetError::Authority),
            ("http://[auth]/", TargetError::Authority),
            ("http://::1/", TargetError::Authority),
            ("http://auth/a b", TargetError::Path),
            ("http://auth/\u{e9}", TargetError::Path),
            ("http://auth/a\r\nx: y", TargetError::Path),
            ("unix:run/auth.sock", TargetError::Socket),
            ("unix:", TargetError::Socket),
        ];
        for (text, fault) in cases {
            assert_eq!(FetchTarget::parse(text, None), Err(fault), "{text}");
        }
        let long = format!("unix:/{}", "a".repeat(107));
        assert_eq!(FetchTarget::parse(&long, None), Err(TargetError::Socket));
    }

    #[test]
    fn what_is_shown_hides_the_query() {
        let shown = |text: &str| {
            let target = FetchTarget::parse(text, None).expect(text);
            format!("{target} {target:?}")
        };
        assert_eq!(
            shown("http://auth:1/resolve?key=k"),
            "http://auth:1/resolve?*** FetchTarget(http://auth:1/resolve?***)"
        );
        assert_eq!(
            shown("unix:/a.sock:/r"),
            "unix:/a.sock:/r FetchTarget(unix:/a.sock:/r)"
        );
    }
}
