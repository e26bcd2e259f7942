//! `FetchResponse`: an answer, whole and within its bounds.

use super::failure::{FetchError, FetchFault};
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use std::fmt;

/// Redirects are answers like any other. `Debug` shows no header and no body: they may hold credentials.
#[derive(Clone)]
pub struct FetchResponse {
    /// Never 1xx.
    pub status: StatusCode,
    /// Pingora has joined folded lines with a space.
    pub headers: HeaderMap,
    /// Neither chunked nor compressed any more; empty where there is none.
    pub body: Bytes,
}

/// Refuses what would have to be unpacked first.
pub(super) fn check_coding(headers: &HeaderMap) -> Result<(), FetchError> {
    let coded = headers.get(CONTENT_ENCODING);
    if coded.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let detail = "the answer is compressed, and nobody asked for that";
        return Err(FetchError::new(FetchFault::Protocol, detail));
    }
    Ok(())
}

impl fmt::Debug for FetchResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, size) = (self.status.as_u16(), self.body.len());
        write!(f, "FetchResponse({status}, {size} bytes)")
    }
}
