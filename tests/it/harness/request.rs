//! `Request`: builds an ordinary request; odd ones are written out as bytes.

use super::client::Connection;
use super::reply::Reply;
use super::wire::bytes;

/// A request to be sent on a connection of its own.
pub(crate) struct Request<'c> {
    connect: Box<dyn Fn() -> Connection + 'c>,
    method: String,
    target: String,
    host: String,
    headers: Vec<String>,
    body: Option<Vec<u8>>,
}

impl<'c> Request<'c> {
    pub(super) fn new(connect: impl Fn() -> Connection + 'c, method: &str, target: &str) -> Self {
        Self {
            connect: Box::new(connect),
            method: method.to_owned(),
            target: target.to_owned(),
            host: "app.test".to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Name and value as they are, one byte per character.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.line(&format!("{name}: {value}"))
    }

    /// A whole header line as it is.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn cookie(self, name: &str, value: &str) -> Self {
        self.header("Cookie", &format!("{name}={value}"))
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// The bytes of the request.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\n",
            self.method, self.target, self.host
        );
        for line in &self.headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut all = bytes(&head);
        all.extend_from_slice(self.body.as_deref().unwrap_or_default());
        all
    }

    /// Sends it and reads the whole response.
    #[track_caller]
    pub(crate) fn send(&self) -> Reply {
        let mut connection = (self.connect)();
        connection.send(self.bytes());
        if self.method == "HEAD" {
            connection.reply_to_head()
        } else {
            connection.reply()
        }
    }
}
