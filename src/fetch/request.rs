//! `FetchRequest`: what is asked of a target.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use pingora::http::RequestHeader;
use std::fmt;

/// One request; the target says where it goes. `Debug` shows the method alone: headers hold credentials.
#[derive(Clone)]
pub struct FetchRequest {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl FetchRequest {
    /// `GET`, without a header of its own.
    #[must_use]
    pub fn get() -> Self {
        Self::new(Method::GET)
    }

    /// Any method; those that Pingora treats in a way of its own (`CONNECT`) are not for this.
    #[must_use]
    pub fn new(method: Method) -> Self {
        Self {
            method,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// Adds a header. `Content-Length` and `User-Agent` are written by the fetcher, and so is `Host` unless it is given.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sends a body.
    #[must_use]
    pub fn with_body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// Whether it can be sent twice without harm (RFC 9110 §9.2.1).
    pub(super) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The head as it goes out.
    pub(super) fn head(&self, host: &str, path: &str) -> pingora::Result<Box<RequestHeader>> {
        let size = self.headers.len() + 3;
        let mut head = RequestHeader::build(self.method.clone(), path.as_bytes(), Some(size))?;
        for (name, value) in &self.headers {
            head.append_header(name.clone(), value.clone())?;
        }
        if !self.headers.contains_key(HOST) {
            head.insert_header(HOST, host)?;
        }
        head.insert_header(USER_AGENT, AGENT)?;
        if !self.body.is_empty() || self.method == Method::POST {
            head.insert_header(CONTENT_LENGTH, self.body.len())?;
        }
        Ok(Box::new(head))
    }
}

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchRequest({})", self.method)
    }
}

const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
