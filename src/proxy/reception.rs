//! What is done to a request head before anything is decided: hygiene, one canonical form, who is calling.

use super::target::Target;
use crate::listen::Network;
use crate::request::{self, Head, HeadLimits, Malformed};
use crate::runtime::Runtime;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Version};
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use std::borrow::Cow;
use std::net::IpAddr;

/// Puts back the `Content-Length` that Pingora drops beside a `Transfer-Encoding` before any hook runs, so that
/// `inspect` sees and refuses the pair: whoever sent it may have meant the length (RFC 9112 §6.1).
pub(super) fn restore_length(session: &mut Session) {
    if !session.req_header().headers.contains_key(TRANSFER_ENCODING) || session.is_http2() {
        return;
    }
    if names_a_length(&session.to_h1_raw()) {
        // A constant value under a constant name is always accepted.
        let _ = session
            .req_header_mut()
            .insert_header(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
}

fn names_a_length(raw_head: &[u8]) -> bool {
    raw_head.split(|byte| *byte == b'\n').any(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str().as_bytes())
    })
}

/// Who is calling, known before anything is decided.
pub(super) struct Caller {
    pub(super) client: Option<IpAddr>,
    pub(super) peer_is_trusted: bool,
    pub(super) request_id: HeaderValue,
}

/// Believes forwarding headers of trusted peers only.
pub(super) fn caller(head: &RequestHeader, peer: Option<IpAddr>, runtime: &Runtime) -> Caller {
    let peer = peer.map(|peer| peer.to_canonical());
    let is_trusted = |address: IpAddr| trusts(&runtime.trusted_proxies, address);
    let peer_is_trusted = peer.is_some_and(is_trusted);
    let given_id = || head.headers.get("x-request-id");
    Caller {
        client: if peer_is_trusted {
            request::client_address(peer, &head.headers, is_trusted)
        } else {
            peer
        },
        peer_is_trusted,
        request_id: request_id(peer_is_trusted.then(given_id).flatten()),
    }
}

/// Refuses what we do not forward; names host and path canonically.
pub(super) fn target(head: &RequestHeader, runtime: &Runtime) -> Result<Target, Malformed> {
    let limits = HeadLimits {
        bytes: runtime.client.max_header_bytes,
        headers: runtime.client.max_headers,
    };
    let target = head.raw_path();
    let read = Head {
        method: &head.method,
        version: head.version,
        target,
        headers: &head.headers,
    };
    request::inspect(&read, limits)?;
    canonical_target(head)
}

/// The length of the body that the head announces; `None` where it is chunked or there is none.
pub(super) fn announced_length(head: &RequestHeader) -> Option<u64> {
    let length = head.headers.get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// What a refused request asked for, for the log alone: without its query, and cut short.
pub(super) fn refused_target(head: &RequestHeader) -> Target {
    const LONGEST: usize = 256;
    let legible = |bytes: &[u8]| -> String {
        let cut = bytes.get(..LONGEST).unwrap_or(bytes);
        String::from_utf8_lossy(cut)
            .chars()
            .filter(|symbol| !symbol.is_control())
            .collect()
    };
    let path = head
        .raw_path()
        .split(|byte| *byte == b'?')
        .next()
        .unwrap_or_default();
    let host = head
        .headers
        .get(HOST)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    Target::refused(&legible(host), legible(path))
}

fn trusts(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

fn canonical_target(head: &RequestHeader) -> Result<Target, Malformed> {
    let line = head.headers.get(HOST);
    let shown = match head.version {
        Version::HTTP_2 => head.uri.authority().map(http::uri::Authority::as_str),
        _ => line.and_then(|host| host.to_str().ok()),
    };
    let host = request::canonical_host(shown.unwrap_or_default())?;
    let authority = match line.filter(|line| *line == host.authority()) {
        Some(line) => line.clone(),
        None => HeaderValue::from_str(host.authority()).map_err(|_| Malformed::HostSyntax)?,
    };
    let raw = head.raw_path();
    let raw_path = raw_path(raw)?;
    let path = match raw_path {
        "*" => Cow::Borrowed("*"),
        path => request::canonical_path(path)?,
    };
    // An absolute-form target is forwarded in origin form as well.
    let is_rewritten =
        path != raw_path || !raw.is_ascii() || !(raw.starts_with(b"/") || raw == b"*");
    let name_len = host.name().len();
    Ok(Target::new(
        authority,
        name_len,
        &path,
        &head.uri,
        is_rewritten,
    ))
}

/// The path of a target in origin, absolute or asterisk form; `inspect` has refused every other.
fn raw_path(target: &[u8]) -> Result<&str, Malformed> {
    let path_end = target.iter().position(|byte| *byte == b'?');
    let target = path_end.map_or(target, |end| target.get(..end).unwrap_or_default());
    let target = std::str::from_utf8(target).map_err(|_| Malformed::Target)?;
    if target.starts_with('/') {
        return Ok(target);
    }
    let Some((_, rest)) = target.split_once("://") else {
        return Ok(target);
    };
    Ok(rest
        .find('/')
        .and_then(|slash| rest.get(slash..))
        .unwrap_or("/"))
}

/// A trusted proxy's own id, if it is sound; else a new one: 32 hex digits.
fn request_id(given: Option<&HeaderValue>) -> HeaderValue {
    let is_sound = |id: &&HeaderValue| {
        (1..=128).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    given.filter(is_sound).cloned().unwrap_or_else(|| {
        let mut fresh = [0; 32];
        let made = hex::encode_to_slice(fastrand::u128(..).to_ne_bytes(), &mut fresh).ok();
        made.and_then(|()| HeaderValue::from_bytes(&fresh).ok())
            .unwrap_or_else(|| HeaderValue::from_static("0"))
    })
}

#[cfg(test)]
mod tests {
    use super::{names_a_length, raw_path, refused_target, request_id};
    use http::HeaderValue;
    use pingora::http::RequestHeader;

    #[test]
    fn the_path_of_every_target_form_is_found() {
        let cases = [
            ("/", "/"),
            ("/a/b?c=/d", "/a/b"),
            ("*", "*"),
            ("http://blog.example.com/a?b", "/a"),
            ("HTTPS://blog.example.com:8443", "/"),
            ("http://blog.example.com?b=/c", "/"),
            ("/redirect?to=http://evil/x", "/redirect"),
            ("/http://odd/but/a/path", "/http://odd/but/a/path"),
        ];
        for (target, path) in cases {
            assert_eq!(raw_path(target.as_bytes()), Ok(path), "{target}");
        }
        assert!(raw_path(b"/\xff").is_err());
    }

    #[test]
    fn a_length_is_seen_in_the_raw_head_however_it_is_spelt() {
        for (head, names) in [
            ("POST / HTTP/1.1\r\ncontent-LENGTH: 5\r\n\r\n", true),
            ("POST / HTTP/1.1\nContent-Length:5\n\n", true),
            (
                "POST /content-length: HTTP/1.1\r\nX-Content-Length: 5\r\n\r\n",
                false,
            ),
        ] {
            assert_eq!(names_a_length(head.as_bytes()), names, "{head}");
        }
    }

    #[test]
    fn only_a_sound_request_id_is_taken_over() {
        let given = |text: &str| request_id(HeaderValue::from_str(text).ok().as_ref());
        assert_eq!(given("edge-1:42"), "edge-1:42");
        for unsound in ["", "two words", &"x".repeat(129)] {
            let fresh = given(unsound);
            assert_eq!(fresh.len(), 32, "{unsound:?} became {fresh:?}");
            assert!(
                fresh.as_bytes().iter().all(u8::is_ascii_hexdigit),
                "{fresh:?}"
            );
        }
    }

    #[test]
    fn a_refused_target_is_logged_without_query_and_cut_short() {
        let mut head = RequestHeader::build("GET", b"/a%2f?token=secret", None).expect("a head");
        head.insert_header("Host", "h".repeat(300)).expect("a host");
        let target = refused_target(&head);
        assert_eq!((target.path(), target.host().len()), ("/a%2f", 256));
    }
}
