//! Request heads as a browser sends them.

use pingora::http::RequestHeader;

/// Eleven header lines; the twelfth is whatever shows a session.
const LINES: [(&str, &str); 10] = [
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    ),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ),
    ("Accept-Language", "en-US,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Referer", "https://app.example.com/articles"),
    ("Connection", "keep-alive"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Priority", "u=0, i"),
];

/// A head for this host with these lines at its end, its maps as large as Pingora makes them.
pub(crate) fn head(host: &str, more: &[(&'static str, &str)]) -> RequestHeader {
    let size = 1 + LINES.len() + more.len();
    let mut head =
        RequestHeader::build("GET", b"/api/articles?page=2", Some(size)).expect("a head");
    head.append_header("Host", host).expect("a host");
    for (name, value) in LINES.iter().chain(more) {
        head.append_header(*name, *value).expect("a header");
    }
    head
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// So many cookies in one line, the session's the last but one.
pub(crate) fn cookies(token: &str, count: usize) -> String {
    let name = |at: usize| match count.checked_sub(at + 2) {
        Some(0) => format!("session={token}"),
        None if count == 1 => format!("session={token}"),
        _ => format!("_preference_{at}=value-{at}"),
    };
    (0..count).map(name).collect::<Vec<_>>().join("; ")
}
