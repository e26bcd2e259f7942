//! `Reply`: a response as the client received it.

use super::wire::{self, Length, Reader, Seen, fault};
use serde_json::Value;
use std::io;

/// A whole response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Reads up to the final response's head, past interim ones; the body stays in the reader.
    pub(super) fn read_head(reader: &mut Reader) -> io::Result<Self> {
        loop {
            let line = reader
                .line()?
                .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            let status = line
                .split(' ')
                .nth(1)
                .and_then(|code| code.parse::<u16>().ok());
            let status = status.ok_or_else(|| fault(&format!("no status line: {line:?}")))?;
            let headers = reader.headers()?;
            if status == 101 || !(100..200).contains(&status) {
                return Ok(Self {
                    status,
                    headers,
                    body: Vec::new(),
                });
            }
        }
    }

    /// Reads the body that belongs to this head.
    pub(super) fn read_body(&mut self, reader: &mut Reader, to_head: bool) -> io::Result<()> {
        if to_head || matches!(self.status, 101 | 204 | 304) {
            return Ok(());
        }
        let length = Length::of(&self.headers)?.unwrap_or(Length::UntilClose);
        let body = &mut self.body;
        length.read(reader, |piece| body.extend_from_slice(piece))?;
        Ok(())
    }

    /// Every value of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        wire::all(&self.headers, name)
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        wire::all(&self.headers, name).first().copied()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        wire::latin1(&self.body)
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(_) => panic!("not JSON: {} {}", self.status, self.text()),
        }
    }

    /// The request that the upstream echoed back.
    #[track_caller]
    pub(crate) fn seen(&self) -> Seen {
        match Seen::from_json(&self.json()) {
            Some(seen) => seen,
            None => panic!("not an echo: {} {}", self.status, self.text()),
        }
    }

    /// Whom the upstream of a skygear route was told; `-` for nobody.
    #[track_caller]
    pub(crate) fn user(&self) -> String {
        self.seen()
            .one("x-skygear-user-id")
            .unwrap_or("-")
            .to_owned()
    }

    /// Status and label of the gateway's own answer; the label is empty for anybody else's.
    pub(crate) fn denial(&self) -> (u16, String) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let label = body
            .get("error")
            .and_then(Value::as_str)
            .unwrap_or_default();
        (self.status, label.to_owned())
    }
}
