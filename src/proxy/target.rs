//! `Target`: the one form of a request's host and path, which decides and is forwarded (R14).

use http::{HeaderValue, Uri};

/// Host and path. What the client wrote canonically is kept by reference count, not copied.
#[derive(Clone, Debug, Default)]
pub struct Target {
    authority: Option<HeaderValue>,
    name_len: usize,
    path: Path,
    /// Whether the request line has to be rewritten for the upstream.
    pub is_rewritten: bool,
}

#[derive(Clone, Debug)]
enum Path {
    /// The path of this one.
    Shown(Uri),
    Own(String),
}

impl Default for Path {
    fn default() -> Self {
        Self::Own(String::new())
    }
}

impl Target {
    /// The canonical authority, of which the first `name_len` bytes are the name, and the canonical path; `uri` is what
    /// the client wrote.
    #[must_use]
    pub fn new(
        authority: HeaderValue,
        name_len: usize,
        path: &str,
        uri: &Uri,
        is_rewritten: bool,
    ) -> Self {
        let path = if uri.path() == path {
            Path::Shown(uri.clone())
        } else {
            Path::Own(path.to_owned())
        };
        Self {
            authority: Some(authority),
            name_len,
            path,
            is_rewritten,
        }
    }

    /// Of a request that goes no further, for the log.
    #[must_use]
    pub fn refused(host: &str, path: String) -> Self {
        Self {
            authority: HeaderValue::from_bytes(host.as_bytes()).ok(),
            name_len: host.len(),
            path: Path::Own(path),
            is_rewritten: false,
        }
    }

    /// What is forwarded as `Host`: canonical name and the original port.
    #[must_use]
    pub fn authority(&self) -> Option<&HeaderValue> {
        self.authority.as_ref()
    }

    /// Canonical host name, without port.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self
            .authority
            .as_ref()
            .map_or(&[][..], HeaderValue::as_bytes);
        let name = authority.get(..self.name_len).unwrap_or_default();
        str::from_utf8(name).unwrap_or_default()
    }

    /// Canonical path.
    #[must_use]
    pub fn path(&self) -> &str {
        match &self.path {
            Path::Shown(uri) => uri.path(),
            Path::Own(path) => path,
        }
    }
}
