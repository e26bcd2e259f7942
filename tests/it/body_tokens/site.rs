//! The site of the tests about tokens in bodies, and its requests.

use crate::harness::{Stack, record, stack};

const CONFIG: &str = "
client: {timeout: {read: 700ms}}
sessions:
  api:
    token: [bearer, {cookie: session}, {form: access_token}, {json: token}, {json: auth.token}, {cookie: late}]
    memory: {seed: seed.yaml}
  other: {token: [{form: other_token}], redis: '${REDIS}'}
routes:
  - {name: sky, host: app.test, upstream: 'unix:app.sock', identity: skygear, sessions: api, body_token: 1KiB, logout: true}
  - {name: plain, host: app.test, path: /plain, upstream: 'unix:app.sock', identity: skygear, sessions: api}
  - {name: members, host: members.test, upstream: 'unix:app.sock', identity: skygear, sessions: api, require: session, body_token: true}
  - {name: data, host: data.test, upstream: 'unix:app.sock', identity: hasura, sessions: api, body_token: 64KiB}
  - {name: small, host: small.test, upstream: 'unix:app.sock', identity: skygear, sessions: api, body_token: 1KiB, max_body: 100B}
  - {name: both, host: both.test, upstream: 'unix:app.sock', identity: skygear, body_token: true}
  - {name: keep, host: keep.test, upstream: 'unix:app.sock', identity: skygear, sessions: api, body_token: true, credentials: keep}
";

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";

pub(crate) fn started() -> Stack {
    stack(CONFIG)
        .redis()
        .seed("token-1", &record("u-17"))
        .seed("token-2", &record("u-18"))
        .start()
}

/// A POST with a length.
pub(crate) fn post(host: &str, media_type: &str, lines: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "POST /p HTTP/1.1\r\nHost: {host}\r\nContent-Type: {media_type}\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The same in chunks of so many bytes.
pub(crate) fn chunked(host: &str, media_type: &str, body: &[u8], size: usize) -> Vec<u8> {
    let head = format!(
        "POST /p HTTP/1.1\r\nHost: {host}\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    for piece in body.chunks(size) {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// A form of exactly so many bytes with the token in it; noise of every byte around it.
pub(crate) fn form_of(size: usize, token: &str) -> Vec<u8> {
    let mut body = format!("access_token={token}&x=").into_bytes();
    let noise = (0..=u8::MAX).cycle().filter(|byte| *byte != b'&');
    body.extend(noise.take(size - body.len()));
    assert_eq!(body.len(), size);
    body
}
