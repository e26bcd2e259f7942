//! `Errand`: what somebody wants done with sessions, however it was asked: in HTTP or on the command line.

use super::percent;
use super::refusal::Refusal;
use crate::store::{Revocation, TextRule, parse_span};
use crate::strict_json;
use crate::token::Sid;
use http::Method;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// Make a session.
    Create(Wish),
    /// Show a session; naming its user saves a search.
    Show {
        /// Which.
        sid: Sid,
        /// Whose, if known.
        user_id: Option<String>,
    },
    /// List a user's sessions.
    List(String),
    /// End one session, all of a user, or one signed token.
    Revoke(Revocation),
    /// Show what is said of a user.
    ShowUser(String),
    /// Say whether a user is disabled.
    SetDisabled {
        /// Who.
        user_id: String,
        /// Whether.
        disabled: bool,
    },
    /// Have every remembered answer asked for again.
    Flush,
}

/// A session to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Members of the record.
    pub members: Map<String, Value>,
    /// How long it lives; `None`: without end.
    pub ttl: Option<Duration>,
}

impl Wish {
    /// Reads `{"user_id": …, "roles": […], …, "ttl": "12h"}`, and the source it names.
    pub(super) fn parse(body: &[u8]) -> Result<(Self, Option<String>), Refusal> {
        let mut members = object(body)?;
        let source = match members.remove("source") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(Refusal::bad("`source` is the name of a session source")),
        };
        let ttl = match members.remove("ttl") {
            None | Some(Value::Null) => Some(DEFAULT_TTL),
            Some(Value::String(text)) => ttl(&text).ok_or_else(|| Refusal::bad(TTL_HELP))?,
            Some(_) => return Err(Refusal::bad(TTL_HELP)),
        };
        if let Some(odd) = members
            .keys()
            .find(|name| !MEMBERS.contains(&name.as_str()))
        {
            let known = MEMBERS.join(", ");
            let message = format!("unknown member `{odd}`; known: {known}, ttl, source");
            return Err(Refusal::bad(message));
        }
        Ok((Self { members, ttl }, source))
    }
}

/// `12h`, or `none` for a session without end.
#[must_use]
pub fn ttl(text: &str) -> Option<Option<Duration>> {
    if text == "none" {
        return Some(None);
    }
    parse_span(text).map(Some)
}

/// Reads `{"disabled": true}`.
pub(super) fn disabled(body: &[u8]) -> Result<bool, Refusal> {
    let members = object(body)?;
    match (members.len(), members.get("disabled")) {
        (1, Some(Value::Bool(disabled))) => Ok(*disabled),
        _ => Err(Refusal::bad(
            "write {\"disabled\": true} or {\"disabled\": false}",
        )),
    }
}

/// A body that is a JSON object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match strict_json::parse(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Refusal::bad("the body is not a JSON object")),
        Err(fault) => Err(Refusal::bad(format!(
            "the body is not strict JSON: {fault}"
        ))),
    }
}

/// A user's id.
///
/// # Errors
/// When it cannot be one.
pub fn user_id(text: &str) -> Result<String, Refusal> {
    if TextRule::Id.holds(text) {
        return Ok(text.to_owned());
    }
    let fault = TextRule::Id.fault();
    Err(Refusal::bad(format!(
        "a user's id is {}",
        fault.trim_start_matches("not ")
    )))
}

/// A session's name.
///
/// # Errors
/// When it cannot be one.
pub fn sid(text: &str) -> Result<Sid, Refusal> {
    let fault = "a session is named by its sid: 16 lower-case hex digits, as logs show it";
    Sid::from_hex(text).ok_or_else(|| Refusal::bad(fault))
}

impl Errand {
    /// The request that asks a node's admin listener for it: method, target, body.
    #[must_use]
    pub fn to_request(&self, source: Option<&str>) -> (Method, String, Option<Value>) {
        let of_user = |id: &str| format!("/users/{}", percent::encode(id));
        let mut query = Vec::new();
        let (method, path, body) = match self {
            Self::Create(wish) => {
                let mut body = wish.members.clone();
                let ttl = wish.ttl.map(|ttl| format!("{}ms", ttl.as_millis()));
                body.insert("ttl".to_owned(), ttl.unwrap_or("none".to_owned()).into());
                (Method::POST, "/sessions".to_owned(), Some(body.into()))
            }
            Self::Show { sid, user_id } => {
                query.extend(user_id.iter().map(|id| ("user", id.as_str())));
                (Method::GET, format!("/sessions/{sid}"), None)
            }
            Self::List(id) => (Method::GET, of_user(id) + "/sessions", None),
            Self::Revoke(Revocation::Session(sid)) => {
                (Method::DELETE, format!("/sessions/{sid}"), None)
            }
            Self::Revoke(Revocation::User {
                id,
                not_before: None,
            }) => (Method::DELETE, of_user(id) + "/sessions", None),
            Self::Revoke(other) => {
                let message = strict_json::parse(other.to_message().as_bytes()).ok();
                (Method::POST, "/events".to_owned(), message)
            }
            Self::ShowUser(id) => (Method::GET, of_user(id), None),
            Self::SetDisabled { user_id, disabled } => {
                let body = json!({"disabled": disabled});
                (Method::PUT, of_user(user_id), Some(body))
            }
            Self::Flush => (Method::POST, "/cache/flush".to_owned(), None),
        };
        query.extend(source.map(|name| ("source", name)));
        let query = query
            .iter()
            .map(|(key, value)| format!("{key}={}", percent::encode(value)));
        let query = query.collect::<Vec<_>>().join("&");
        let target = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        (method, target, body)
    }
}

/// What the body of a new session may hold, beside `ttl` and `source`.
const MEMBERS: [&str; 9] = [
    "user_id",
    "roles",
    "default_role",
    "verified",
    "disabled",
    "identity",
    "authenticator",
    "idle_timeout",
    "attrs",
];
/// A session that nobody gave an end.
const DEFAULT_TTL: Duration = Duration::from_secs(86_400);
const TTL_HELP: &str = "`ttl` is a duration such as \"12h\" (units ms, s, m, h, d), or \"none\"";
