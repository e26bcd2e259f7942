//! `Envelope`: a signed cookie, and what of it is the credential proper.

use crate::formats::cookie_session::CookieSession;
use crate::store::contract::{LookupError, NoSession};
use crate::store::foreign::{FieldMap, FieldPath};
use crate::token::Credential;
use serde_json::Value;

/// One `cookie_session` of a source's `token:` list.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The cookie's name: the signature binds it.
    pub name: String,
    /// How it is opened.
    pub session: CookieSession,
    /// What is in it.
    pub content: Content,
}

/// What a signed cookie holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A signed token, at this path.
    Token(FieldPath),
    /// The session itself.
    Fields(FieldMap),
}

impl Envelope {
    /// The cookie's JSON object.
    ///
    /// # Errors
    /// When it is not signed, or not such an object.
    pub(super) fn open(&self, credential: &Credential) -> Result<Value, NoSession> {
        let signature = credential.signature();
        let opened = self.session.open(&self.name, credential.token(), signature);
        Ok(opened?)
    }
}

/// The signed token at a path; a cookie without one is of somebody who has not logged in.
pub(super) fn token_at<'v>(path: &FieldPath, cookie: &'v Value) -> Result<&'v str, LookupError> {
    let found = path.find(cookie).and_then(Value::as_str);
    Ok(found.ok_or(NoSession::Guest)?)
}
