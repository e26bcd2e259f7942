//! Answers of the admin listener, as HTTP.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// Plain text.
pub(super) fn text(status: StatusCode, body: String) -> Response<Vec<u8>> {
    page(status, "text/plain; charset=utf-8", body)
}

/// JSON on several lines.
pub(super) fn json_page(status: StatusCode, value: &Value) -> Response<Vec<u8>> {
    page(status, "application/json", format!("{value:#}\n"))
}

/// `{"error": …}`.
pub(super) fn problem(status: StatusCode, message: &str) -> Response<Vec<u8>> {
    let body = format!("{}\n", json!({ "error": message }));
    page(status, "application/json", body)
}

/// Nothing of it is for caches.
pub(super) fn page(
    status: StatusCode,
    content_type: &'static str,
    body: String,
) -> Response<Vec<u8>> {
    let mut page = Response::new(body.into_bytes());
    *page.status_mut() = status;
    let length = HeaderValue::from(page.body().len());
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}
