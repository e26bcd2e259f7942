//! `Endpoint`: what the gateway itself answers, on the hosts of the routes that enable it.

use http::Method;

/// The media type of a key set (RFC 7517 §8.5.2).
pub const KEY_SET_TYPE: &str = "application/jwk-set+json";
/// How long a key set may be kept: it holds public keys only, and a key is published long before it signs.
pub const KEY_SET_CACHE_CONTROL: &str = "max-age=300";

/// One answer of the gateway's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST /.sessiongate/logout` revokes the session that is shown and expires its cookie.
    LogOut(ExpiredCookie),
    /// `GET /.sessiongate/whoami` tells a browser whose session it shows.
    WhoAmI,
    /// `GET /.sessiongate/jwks.json`: the keys by which services check assertions.
    KeySet,
}

/// Where the session cookie was set: a browser expires only the very same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredCookie {
    /// Its `Path`.
    pub path: String,
    /// Its `Domain`, if it was set with one.
    pub domain: Option<String>,
}

impl Default for ExpiredCookie {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            domain: None,
        }
    }
}

impl Endpoint {
    /// The exact path at which it answers.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::LogOut(_) => "/.sessiongate/logout",
            Self::WhoAmI => "/.sessiongate/whoami",
            Self::KeySet => "/.sessiongate/jwks.json",
        }
    }

    /// The methods that it takes, as `Allow` lists them.
    #[must_use]
    pub fn allowed(&self) -> &'static str {
        match self {
            Self::LogOut(_) => "POST",
            Self::WhoAmI | Self::KeySet => "GET, HEAD",
        }
    }

    /// Whether it takes the method.
    #[must_use]
    pub fn takes(&self, method: &Method) -> bool {
        self.allowed()
            .split(", ")
            .any(|allowed| allowed == method.as_str())
    }
}
