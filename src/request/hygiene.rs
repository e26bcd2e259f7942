//! `inspect`: refuses request heads that Pingora 0.9.1 lets pass and that two servers could read in two ways.

use super::authorization::is_joined_bearer;
use super::host::canonical_host;
use super::malformed::Malformed;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderName, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Version};

/// The longest request target, in bytes; past that 414.
pub const MAX_TARGET_BYTES: usize = 16 * 1024;

/// The longest line of a header that a decision reads, in bytes; past that 431.
pub const MAX_DECIDING_HEADER_BYTES: usize = 8 * 1024;

/// Colon, blank and line end, as HTTP/1.1 writes a line; HTTP/2 is counted alike.
const LINE_OVERHEAD: usize = 4;

/// The value of `Allow` in a 405 (RFC 9110 §15.5.6).
pub const ALLOWED_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, PROPFIND, PROPPATCH, MKCOL, COPY, \
    MOVE, LOCK, UNLOCK, REPORT, SEARCH, QUERY";

/// The request line and the headers, as Pingora read them.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The method as sent.
    pub method: &'a Method,
    /// The version the client spoke.
    pub version: Version,
    /// The raw request target, with its query.
    pub target: &'a [u8],
    /// The headers as sent.
    pub headers: &'a HeaderMap,
}

/// How much head one request may have (design rule R15).
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Method, target and header lines together, in bytes.
    pub bytes: usize,
    /// Header lines.
    pub headers: usize,
}

/// Checks a head before anything is decided about it. The path itself is [`super::canonical_path`]'s.
///
/// # Errors
/// The first fault found; sizes first, so that no later check reads an oversized head.
pub fn inspect(head: &Head<'_>, limits: HeadLimits) -> Result<(), Malformed> {
    let lines = Lines::read(head, limits)?;
    check_method(head.method)?;
    check_target(head, &lines)?;
    check_framing(head.version, &lines)?;
    refuse_if(lines.has_unknown_expectation, Malformed::Expect)?;
    check_authorization(&lines)
}

/// What the checks read of the headers, found in one walk over all of them: a look-up for each name would cost more.
#[derive(Default)]
struct Lines<'a> {
    host: Line<'a>,
    length: Line<'a>,
    coding: Line<'a>,
    authorization: Line<'a>,
    has_unknown_expectation: bool,
}

/// The first line of a name.
#[derive(Default)]
struct Line<'a> {
    first: Option<&'a HeaderValue>,
    is_repeated: bool,
}

impl<'a> Line<'a> {
    fn add(&mut self, value: &'a HeaderValue) {
        self.is_repeated |= self.first.is_some();
        self.first.get_or_insert(value);
    }
}

impl<'a> Lines<'a> {
    fn read(head: &Head<'a>, limits: HeadLimits) -> Result<Self, Malformed> {
        if head.target.len() > MAX_TARGET_BYTES {
            return Err(Malformed::TargetTooLong);
        }
        if head.headers.len() > limits.headers {
            return Err(Malformed::TooManyHeaders);
        }
        let mut lines = Self::default();
        let mut bytes = head.method.as_str().len() + head.target.len();
        let mut is_oversized = false;
        for (name, value) in head.headers {
            bytes += name.as_str().len() + value.len() + LINE_OVERHEAD;
            is_oversized |= value.len() > MAX_DECIDING_HEADER_BYTES && decides(name);
            match *name {
                HOST => lines.host.add(value),
                CONTENT_LENGTH => lines.length.add(value),
                TRANSFER_ENCODING => lines.coding.add(value),
                AUTHORIZATION => lines.authorization.add(value),
                EXPECT => {
                    let is_known = value.as_bytes().eq_ignore_ascii_case(b"100-continue");
                    lines.has_unknown_expectation |= !is_known;
                }
                _ => {}
            }
        }
        refuse_if(
            bytes > limits.bytes || is_oversized,
            Malformed::HeadersTooLarge,
        )?;
        Ok(lines)
    }
}

fn decides(name: &HeaderName) -> bool {
    *name == COOKIE || *name == AUTHORIZATION || name.as_str() == super::view::REQUESTED_ROLE
}

fn check_method(method: &Method) -> Result<(), Malformed> {
    if matches!(*method, Method::TRACE | Method::CONNECT) {
        return Err(Malformed::MethodRefused);
    }
    refuse_if(!is_known_method(method), Malformed::MethodUnknown)
}

/// Whether a method is forwarded; they are case-sensitive (RFC 9110 §9.1).
#[must_use]
pub fn is_known_method(method: &Method) -> bool {
    // Those that nearly every request has are not looked for in the list.
    matches!(*method, Method::GET | Method::HEAD | Method::POST)
        || ALLOWED_METHODS
            .split(", ")
            .any(|known| known == method.as_str())
}

/// RFC 9112 §3.2: origin-form, absolute-form for the same host, or `OPTIONS *`. A fragment is not part of any.
fn check_target(head: &Head<'_>, lines: &Lines<'_>) -> Result<(), Malformed> {
    let is_control = |byte: &u8| byte.is_ascii_control() || *byte == b' ';
    if head.target.iter().any(is_control) {
        return Err(Malformed::ControlByte);
    }
    if head.target.contains(&b'#') {
        return Err(Malformed::Target);
    }
    let host = check_host(head.version, &lines.host)?;
    if head.target.starts_with(b"/") {
        return Ok(());
    }
    if head.target == b"*" {
        return refuse_if(*head.method != Method::OPTIONS, Malformed::Target);
    }
    let authority = absolute_authority(head.target).ok_or(Malformed::Target)?;
    let shown = host.ok_or(Malformed::Target)?;
    let same = canonical_host(authority)? == canonical_host(shown)?;
    refuse_if(!same, Malformed::HostMismatch)
}

/// RFC 9112 §3.2: one `Host`, which only HTTP/2 may leave out, since it has `:authority` (RFC 9113 §8.3.1). We ask it
/// of HTTP/1.0 too: without a host no route is meant.
fn check_host<'a>(version: Version, line: &Line<'a>) -> Result<Option<&'a str>, Malformed> {
    let Some(host) = line.first else {
        refuse_if(version <= Version::HTTP_11, Malformed::HostMissing)?;
        return Ok(None);
    };
    refuse_if(line.is_repeated, Malformed::HostRepeated)?;
    refuse_if(host.is_empty(), Malformed::HostMissing)?;
    host.to_str().map(Some).map_err(|_| Malformed::HostSyntax)
}

fn absolute_authority(target: &[u8]) -> Option<&str> {
    let text = str::from_utf8(target).ok()?;
    let (scheme, rest) = text.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_http.then(|| rest.split(['/', '?']).next().unwrap_or(rest))
}

/// RFC 9112 §6: one length or one `chunked`, never both.
fn check_framing(version: Version, lines: &Lines<'_>) -> Result<(), Malformed> {
    if let Some(length) = lines.length.first {
        let is_number = !length.is_empty() && length.as_bytes().iter().all(u8::is_ascii_digit);
        refuse_if(
            !is_number || lines.length.is_repeated,
            Malformed::ContentLength,
        )?;
    }
    let Some(coding) = lines.coding.first else {
        return Ok(());
    };
    let is_plain = version == Version::HTTP_11
        && lines.length.first.is_none()
        && !lines.coding.is_repeated
        && coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    refuse_if(!is_plain, Malformed::TransferEncoding)
}

fn check_authorization(lines: &Lines<'_>) -> Result<(), Malformed> {
    let line = &lines.authorization;
    let is_joined = line
        .first
        .is_some_and(|line| is_joined_bearer(line.as_bytes()));
    refuse_if(
        is_joined || line.is_repeated,
        Malformed::AuthorizationRepeated,
    )
}

fn refuse_if(is_wrong: bool, why: Malformed) -> Result<(), Malformed> {
    if is_wrong { Err(why) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Head, HeadLimits, inspect};
    use crate::request::Malformed::{self, *};
    use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};

    type Lines<'a> = &'a [(&'a str, &'a str)];
    type Verdict = Result<(), Malformed>;

    const LIMITS: HeadLimits = HeadLimits {
        bytes: 64 * 1024,
        headers: 100,
    };

    fn verdict(version: Version, line: &str, headers: Lines<'_>) -> Verdict {
        let (method, target) = line.split_once(' ').expect("method and target");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("name");
            map.append(name, HeaderValue::from_str(value).expect("value"));
        }
        let head = Head {
            method: &Method::from_bytes(method.as_bytes()).expect("method"),
            version,
            target: target.as_bytes(),
            headers: &map,
        };
        inspect(&head, LIMITS)
    }

    #[test]
    fn request_lines() {
        let long = format!("GET /{}", "a".repeat(16 * 1024));
        let cases = [
            ("GET /", Ok(())),
            ("QUERY /a?b=%00", Ok(())),
            ("PROPFIND /", Ok(())),
            ("OPTIONS *", Ok(())),
            ("GET http://h/x", Ok(())),
            ("GET HTTP://H./x?y", Ok(())),
            ("GET https://h", Ok(())),
            ("GET *", Err(Target)),
            ("GET x", Err(Target)),
            ("GET @evil/x", Err(Target)),
            ("GET ftp://h/x", Err(Target)),
            ("GET /a#b", Err(Target)),
            ("GET http://other/x", Err(HostMismatch)),
            ("GET http://h:81/x", Err(HostMismatch)),
            ("GET http://u@h/x", Err(HostSyntax)),
            ("GET http:///x", Err(HostMissing)),
            ("GET  /x", Err(ControlByte)),
            ("GET /a\tb", Err(ControlByte)),
            ("GET /?a\u{1}", Err(ControlByte)),
            (&long, Err(TargetTooLong)),
            ("TRACE /", Err(MethodRefused)),
            ("CONNECT h:443", Err(MethodRefused)),
            ("get /", Err(MethodUnknown)),
            ("FOO /", Err(MethodUnknown)),
        ];
        for (line, expected) in cases {
            let seen = verdict(Version::HTTP_11, line, &[("host", "h")]);
            assert_eq!(seen, expected, "{line:?}");
        }
    }

    #[test]
    fn hosts() {
        let cases: [(Version, Lines<'_>, Verdict); 6] = [
            (Version::HTTP_11, &[], Err(HostMissing)),
            (Version::HTTP_10, &[], Err(HostMissing)),
            (Version::HTTP_2, &[], Ok(())),
            (Version::HTTP_11, &[("host", "")], Err(HostMissing)),
            (
                Version::HTTP_11,
                &[("host", "h"), ("host", "h")],
                Err(HostRepeated),
            ),
            (Version::HTTP_10, &[("host", "h")], Ok(())),
        ];
        for (version, headers, expected) in cases {
            let seen = verdict(version, "GET /", headers);
            assert_eq!(seen, expected, "{version:?} {headers:?}");
        }
    }

    #[test]
    fn framing_expectations_and_credentials() {
        let te = "transfer-encoding";
        let cl = "content-length";
        let auth = "authorization";
        let large = "x".repeat(8 * 1024 + 1);
        let cases: [(Lines<'_>, Verdict); 27] = [
            (&[(cl, "4")], Ok(())),
            (&[(cl, "4"), (cl, "4")], Err(ContentLength)),
            (&[(cl, "4, 4")], Err(ContentLength)),
            (&[(cl, "+4")], Err(ContentLength)),
            (&[(cl, "")], Err(ContentLength)),
            (&[(cl, "0x4")], Err(ContentLength)),
            (&[(te, "chunked")], Ok(())),
            (&[(te, "Chunked")], Ok(())),
            (&[(te, "gzip, chunked")], Err(TransferEncoding)),
            (&[(te, "chunked, chunked")], Err(TransferEncoding)),
            (&[(te, "chunked"), (te, "chunked")], Err(TransferEncoding)),
            (&[(te, "identity"), (te, "chunked")], Err(TransferEncoding)),
            (&[(te, "identity")], Err(TransferEncoding)),
            (&[(te, "xchunked")], Err(TransferEncoding)),
            (&[(te, "")], Err(TransferEncoding)),
            (&[(te, "chunked"), (cl, "4")], Err(TransferEncoding)),
            (&[("expect", "100-Continue")], Ok(())),
            (&[("expect", "200-ok")], Err(Expect)),
            (&[(auth, "Bearer a")], Ok(())),
            (&[(auth, "Digest a=\"b\", c=\"d\"")], Ok(())),
            (&[(auth, "Bearer a,b")], Err(AuthorizationRepeated)),
            (
                &[(auth, "Bearer a"), (auth, "Bearer a")],
                Err(AuthorizationRepeated),
            ),
            (
                &[(auth, "Basic a"), (auth, "Bearer a")],
                Err(AuthorizationRepeated),
            ),
            (&[(auth, &large)], Err(HeadersTooLarge)),
            (&[("cookie", &large)], Err(HeadersTooLarge)),
            (&[("x-hasura-role", &large)], Err(HeadersTooLarge)),
            (&[("x-other", &large)], Ok(())),
        ];
        for (headers, expected) in cases {
            let mut with_host = vec![("host", "h")];
            with_host.extend_from_slice(headers);
            let seen = verdict(Version::HTTP_11, "POST /", &with_host);
            assert_eq!(seen, expected, "{headers:?}");
        }
        for version in [Version::HTTP_10, Version::HTTP_2] {
            let headers = [("host", "h"), (te, "chunked")];
            let seen = verdict(version, "POST /", &headers);
            assert_eq!(seen, Err(TransferEncoding), "{version:?}");
        }
    }

    #[test]
    fn heads_past_the_limits() {
        let many = vec![("x", "y"); 100];
        let mut with_host = vec![("host", "h")];
        with_host.extend(many);
        let seen = verdict(Version::HTTP_11, "GET /", &with_host);
        assert_eq!(seen, Err(TooManyHeaders));
        let large = "x".repeat(64 * 1024);
        let headers = [("host", "h"), ("x", &*large)];
        let seen = verdict(Version::HTTP_11, "GET /", &headers);
        assert_eq!(seen, Err(HeadersTooLarge));
    }
}
