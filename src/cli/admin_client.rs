//! `AdminClient`: one request to a node's admin listener.

use super::failure::Failure;
use crate::blueprint::{AdminSettings, Blueprint};
use crate::listen::Endpoint;
use http::Method;
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Knows where the node listens and what opens it.
pub(super) struct AdminClient {
    settings: AdminSettings,
    patience: Duration,
}

/// What the node said.
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    /// The status code.
    status: u16,
    /// The whole body.
    body: String,
}

impl AdminClient {
    /// Gives the node so long to take and to answer each request.
    fn new(settings: AdminSettings, patience: Duration) -> Self {
        Self { settings, patience }
    }

    /// Where it asks.
    fn endpoint(&self) -> &Endpoint {
        &self.settings.listen
    }

    /// Of the node with this configuration.
    ///
    /// # Errors
    /// When it has no admin listener.
    pub(super) fn of(blueprint: Blueprint, patience: Duration) -> Result<Self, Failure> {
        let admin = blueprint.admin.ok_or_else(|| {
            Failure::from_error(
                "the configuration has no admin listener to ask; add `admin: {listen: unix:…}`",
            )
        })?;
        Ok(Self::new(admin, patience))
    }

    /// What the node answers, in JSON.
    ///
    /// # Errors
    /// When it does not, or refuses: with its reason.
    pub(super) fn ask(
        &self,
        method: &Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let endpoint = self.endpoint();
        let reply = self.send(method, target, body).map_err(|fault| {
            Failure::from_error(format!(
                "no answer from {endpoint}: {fault}; is the node running, and may this user open it?"
            ))
        })?;
        let said: Value = serde_json::from_str(&reply.body).map_err(|_| {
            Failure::from_error(format!(
                "{endpoint} answers, but not as a sessiongate node does"
            ))
        })?;
        if matches!(reply.status, 200 | 201) {
            return Ok(said);
        }
        let why = said.pointer("/error").and_then(Value::as_str);
        let why = why.unwrap_or("refused, without a reason");
        Err(Failure::from_error(format!("{endpoint}: {why}")))
    }

    /// Whatever the node says to a request.
    ///
    /// # Errors
    /// When it does not answer.
    fn send(&self, method: &Method, target: &str, body: Option<&Value>) -> io::Result<Reply> {
        let request = self.request(method, target, body);
        match &self.settings.listen {
            Endpoint::Tcp(address) => self.over_tcp(*address, &request),
            Endpoint::Any(port) => {
                self.over_tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), &request)
            }
            Endpoint::Unix(socket) => {
                let stream = UnixStream::connect(socket)?;
                stream.set_read_timeout(Some(self.patience))?;
                exchange(stream, &request)
            }
        }
    }

    fn over_tcp(&self, address: SocketAddr, request: &str) -> io::Result<Reply> {
        let stream = TcpStream::connect_timeout(&address, self.patience)?;
        stream.set_read_timeout(Some(self.patience))?;
        exchange(stream, request)
    }

    fn request(&self, method: &Method, target: &str, body: Option<&Value>) -> String {
        let mut request =
            format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if let Some(token) = &self.settings.token {
            request.push_str(&format!("Authorization: Bearer {}\r\n", token.expose()));
        }
        let body = body.map(Value::to_string);
        if let Some(body) = &body {
            request.push_str("Content-Type: application/json\r\n");
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(body.as_deref().unwrap_or_default());
        request
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<Reply> {
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::InvalidData)?;
    let status = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok(Reply {
        status,
        body: body.to_owned(),
    })
}

/// Largest answer read.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::exchange;
    use std::io::{self, Cursor, Read, Write};

    struct Canned(Cursor<&'static str>);

    impl Read for Canned {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.read(buf)
        }
    }

    impl Write for Canned {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_http_is_an_answer() {
        let reply = |answer| exchange(Canned(Cursor::new(answer)), "");
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n{}", Some((200, "{}"))),
            (
                "HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nno",
                Some((404, "no")),
            ),
            ("HTTP/1.1 2\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\n", None),
            ("garbage", None),
        ] {
            let reply = reply(answer).ok();
            let reply = reply
                .as_ref()
                .map(|reply| (reply.status, reply.body.as_str()));
            assert_eq!(reply, expected, "{answer:?}");
        }
    }
}
