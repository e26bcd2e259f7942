//! `Described`: a request that nobody has sent.

use bytes::Bytes;
use http::Version;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use pingora::http::RequestHeader;
use serde_json::{Map, Value, json};
use thiserror::Error;

/// As it would arrive, from the loopback address. Header lines and body may hold tokens, so it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Described {
    /// `Host`.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Method.
    pub method: String,
    /// Header lines, in order.
    pub headers: Vec<(String, String)>,
    /// Short for an `Authorization: Bearer` line with this token.
    pub token: Option<String>,
    /// The body; its `Content-Length` is added if the lines have neither that nor a `Transfer-Encoding`.
    pub body: Option<String>,
}

/// What of it cannot stand in a request. Quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a request: {0}")]
pub struct NotARequest(String);

impl NotARequest {
    /// What the upstream would get cannot be written.
    pub(super) fn unsendable() -> Self {
        Self("its header lines for the upstream cannot be written".to_owned())
    }
}

impl Described {
    /// Reads `{"host": …, "path": …, "method": …, "headers": [["Name", "value"], …], "token": …, "body": …}`; each may be
    /// left out.
    ///
    /// # Errors
    /// When a member is unknown or of another form.
    pub fn parse(mut members: Map<String, Value>) -> Result<Self, NotARequest> {
        let mut text = |name: &str| match members.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(NotARequest(format!("`{name}` is a text"))),
        };
        let (host, path) = (text("host")?, text("path")?);
        let (method, token, body) = (text("method")?, text("token")?, text("body")?);
        let headers = members.remove("headers").filter(|value| !value.is_null());
        let headers = headers.map_or(Ok(Vec::new()), serde_json::from_value);
        let headers = headers.map_err(|_| {
            NotARequest("`headers` is a list such as [[\"Accept\", \"*/*\"]]".to_owned())
        })?;
        if let Some(odd) = members.keys().next() {
            let known = "host, path, method, headers, token, body";
            return Err(NotARequest(format!(
                "unknown member `{odd}`; known: {known}"
            )));
        }
        Ok(Self {
            host: host.unwrap_or_else(|| "localhost".to_owned()),
            path: path.unwrap_or_else(|| "/".to_owned()),
            method: method.unwrap_or_else(|| "GET".to_owned()),
            headers,
            token,
            body,
        })
    }

    /// What [`Self::parse`] reads.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "host": self.host,
            "path": self.path,
            "method": self.method,
            "headers": self.headers,
            "token": self.token,
            "body": self.body,
        })
    }

    /// The head that the proxy would see.
    pub(super) fn to_head(&self) -> Result<RequestHeader, NotARequest> {
        let wrong = |what: &str| NotARequest(format!("{what} cannot stand in one"));
        let mut head = RequestHeader::build(self.method.as_str(), self.path.as_bytes(), None)
            .map_err(|_| wrong("this method or path"))?;
        head.set_version(Version::HTTP_11);
        head.insert_header("Host", self.host.as_str())
            .map_err(|_| wrong("this host"))?;
        for (number, (name, value)) in self.headers.iter().enumerate() {
            head.append_header(name.clone(), value.as_str())
                .map_err(|_| wrong(&format!("header line {}", number + 1)))?;
        }
        if let Some(token) = &self.token {
            head.append_header("Authorization", format!("Bearer {token}"))
                .map_err(|_| wrong("this token"))?;
        }
        let has_length = [CONTENT_LENGTH, TRANSFER_ENCODING];
        let has_length = has_length
            .iter()
            .any(|name| head.headers.contains_key(name));
        if let (Some(body), false) = (&self.body, has_length) {
            head.append_header(CONTENT_LENGTH, body.len())
                .map_err(|_| wrong("this body"))?;
        }
        Ok(head)
    }

    pub(super) fn body(&self) -> Bytes {
        let body = self.body.clone().unwrap_or_default();
        Bytes::from(body)
    }
}

#[cfg(test)]
mod tests {
    use super::Described;
    use serde_json::{Value, json};

    fn parse(value: Value) -> Result<Described, super::NotARequest> {
        let Value::Object(members) = value else {
            panic!("an object");
        };
        Described::parse(members)
    }

    #[test]
    fn a_description_is_read_as_it_was_written() {
        let bare = parse(json!({})).expect("everything has a default");
        assert_eq!(
            (&*bare.host, &*bare.path, &*bare.method),
            ("localhost", "/", "GET")
        );
        let described = Described {
            headers: vec![("A".into(), "1".into()), ("A".into(), "2".into())],
            token: Some("t".into()),
            body: Some("a=1".into()),
            ..bare
        };
        assert!(parse(described.to_json()).ok() == Some(described));
    }

    #[test]
    fn what_cannot_stand_in_a_request_is_named_and_not_quoted() {
        let cases = [
            (json!({"host": 1}), "`host`"),
            (json!({"headers": {"A": "hunter2"}}), "`headers`"),
            (json!({"body": ["hunter2"]}), "`body`"),
            (json!({"color": "hunter2"}), "`color`"),
            (json!({"method": "hunter2 x"}), "method"),
            (
                json!({"headers": [["A", "b"], ["A b", "hunter2"]]}),
                "header line 2",
            ),
            (json!({"token": "hunter2\n"}), "token"),
        ];
        for (body, part) in cases {
            let fault = parse(body.clone()).and_then(|described| described.to_head());
            let fault = fault
                .err()
                .map(|fault| fault.to_string())
                .unwrap_or_default();
            assert!(
                fault.contains(part) && !fault.contains("hunter2"),
                "{body}: {fault:?}"
            );
        }
    }
}
