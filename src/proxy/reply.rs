//! The one place where a `Denial` becomes status, headers and body.

use super::decision::Denial;
use crate::policy::Refusal;
use crate::request::ALLOWED_METHODS;
use crate::route::{KEY_SET_CACHE_CONTROL, KEY_SET_TYPE};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

/// Seconds after which a client may try again while the store is away.
const RETRY_AFTER: &str = "1";

const JSON: &str = "application/json";
/// R12: nothing of ours may be answered by a cache later.
const NO_STORE: &str = "no-store";

/// An answer that the gateway itself makes.
pub(super) struct Own {
    status: u16,
    body: Bytes,
    content_type: &'static str,
    cache_control: &'static str,
    /// Lines beside the usual ones.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Own {
    pub(super) fn json(status: StatusCode, body: &serde_json::Value) -> Self {
        Self {
            status: status.as_u16(),
            body: format!("{body}\n").into(),
            content_type: JSON,
            cache_control: NO_STORE,
            headers: Vec::new(),
        }
    }

    /// The keys by which assertions are checked; the one answer that may be kept for a while.
    pub(super) fn key_set(body: Bytes) -> Self {
        Self {
            status: StatusCode::OK.as_u16(),
            body,
            content_type: KEY_SET_TYPE,
            cache_control: KEY_SET_CACHE_CONTROL,
            headers: Vec::new(),
        }
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            body: Bytes::new(),
            content_type: JSON,
            cache_control: NO_STORE,
            headers: Vec::new(),
        }
    }
}

/// Answers with the denial.
///
/// # Errors
/// When the client is gone.
pub(super) async fn deny(
    session: &mut Session,
    denial: Denial,
    request_id: Option<&HeaderValue>,
) -> pingora::Result<()> {
    let own = Own {
        status: denial.status(),
        body: body(denial),
        content_type: JSON,
        cache_control: NO_STORE,
        headers: remedy(denial).into_iter().collect(),
    };
    reply(session, own, request_id).await
}

/// Answers. The connection stays open unless the request's body is still on its way, or the caller has closed it.
///
/// # Errors
/// When the client is gone.
pub(super) async fn reply(
    session: &mut Session,
    own: Own,
    request_id: Option<&HeaderValue>,
) -> pingora::Result<()> {
    let Own {
        status,
        body,
        content_type,
        cache_control,
        headers,
    } = own;
    let mut head = ResponseHeader::build(status, Some(7))?;
    let has_body = !body.is_empty();
    if has_body {
        head.insert_header(header::CONTENT_TYPE, HeaderValue::from_static(content_type))?;
        head.insert_header(header::CONTENT_LENGTH, body.len())?;
    }
    head.insert_header(
        header::CACHE_CONTROL,
        HeaderValue::from_static(cache_control),
    )?;
    if let Some(id) = request_id {
        head.insert_header("X-Request-Id", id.clone())?;
    }
    for (name, value) in headers {
        head.append_header(name, value)?;
    }
    let ends = !has_body || session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(head), ends).await?;
    if !ends {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(())
}

/// Removed wherever they stand, nominated or not.
const HOP_BY_HOP: [&str; 2] = ["keep-alive", "proxy-connection"];

/// Takes out of an upstream's response what speaks to its own connection alone (R10, RFC 9110 §7.6.1). Pingora writes
/// `Connection` anew and frames the message itself.
pub(super) fn end_hop_by_hop(head: &mut ResponseHeader) {
    const FRAMING: [HeaderName; 3] = [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
    ];
    // `close` and `keep-alive` nominate nothing; whatever they say is the connection's.
    let is_usual = |name: &HeaderName, value: &HeaderValue| match *name {
        header::CONNECTION => ["close", "keep-alive"]
            .iter()
            .any(|option| value.as_bytes().eq_ignore_ascii_case(option.as_bytes())),
        _ => !HOP_BY_HOP.contains(&name.as_str()),
    };
    if head
        .headers
        .iter()
        .all(|(name, value)| is_usual(name, value))
    {
        return;
    }
    // Stays empty, and so allocates nothing, for an upstream that names no headers.
    let mut nominated_names = Vec::new();
    for line in head.headers.get_all(header::CONNECTION) {
        let nominated = line
            .as_bytes()
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii);
        let names = nominated.filter_map(|name| HeaderName::from_bytes(name).ok());
        nominated_names.extend(names.filter(|name| !FRAMING.contains(name)));
    }
    for name in &nominated_names {
        head.remove_header(name);
    }
    for name in HOP_BY_HOP {
        head.remove_header(name);
    }
}

/// The header that tells a client what to do about it.
fn remedy(denial: Denial) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = match denial {
        // RFC 6750 §3: no error code when no credential was shown.
        Denial::Refused(Refusal::NoSession) => (header::WWW_AUTHENTICATE, "Bearer"),
        Denial::Refused(Refusal::InvalidSession) => {
            (header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
        }
        Denial::StoreDown(_) => (header::RETRY_AFTER, RETRY_AFTER),
        // RFC 9110 §15.5.16: what would be accepted instead.
        Denial::EncodedBody => (header::ACCEPT_ENCODING, "identity"),
        Denial::WrongMethod(allowed) => (header::ALLOW, allowed),
        _ if denial.status() == 405 => (header::ALLOW, ALLOWED_METHODS),
        _ => return None,
    };
    Some((name, HeaderValue::from_static(value)))
}

/// `{"error":"<label>","message":"<sentence>"}`; both are ours and need no escaping.
fn body(denial: Denial) -> Bytes {
    Bytes::from(format!(
        "{{\"error\":\"{}\",\"message\":\"{}\"}}\n",
        denial.as_str(),
        denial
    ))
}

#[cfg(test)]
mod tests {
    use super::end_hop_by_hop;
    use http::HeaderName;
    use pingora::http::ResponseHeader;
    use std::collections::BTreeSet;

    #[test]
    fn what_speaks_to_one_connection_ends_here() {
        let mut head = ResponseHeader::build(200, None).expect("a head");
        for (name, value) in [
            ("Connection", "close, X-Private , content-length"),
            ("Keep-Alive", "timeout=5"),
            ("X-Private", "1"),
            ("Content-Length", "2"),
            ("X-Public", "1"),
        ] {
            head.append_header(name, value).expect("a header");
        }
        end_hop_by_hop(&mut head);
        let left: BTreeSet<_> = head.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(
            left,
            BTreeSet::from(["connection", "content-length", "x-public"])
        );
    }
}
