//! `Endpoint`: what the gateway itself answers, on the hosts of the routes that enable it.

use http::Method;

/// One answer of the gateway's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST /.sessiongate/logout` revokes the session that is shown and expires its cookie.
    LogOut(ExpiredCookie),
    /// `GET /.sessiongate/whoami` tells a browser whose session it shows.
    WhoAmI,
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
        }
    }

    /// The methods that it takes, as `Allow` lists them.
    #[must_use]
    pub fn allowed(&self) -> &'static str {
        match self {
            Self::LogOut(_) => "POST",
            Self::WhoAmI => "GET, HEAD",
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
