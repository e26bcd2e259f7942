//! `Session`: a session record, read and checked. Whatever the store's format, everything above sees this.

use crate::clock::UnixMillis;
use crate::token::TokenDigest;
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;
use time::OffsetDateTime;

/// Who a session belongs to, and how they proved it. Every text in it has passed design rule R2.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// 1 to 256 bytes of visible ASCII.
    pub user_id: String,
    /// Owned roles, in the record's order; each 1 to 64 of `A-Za-z0-9_.:-`, at most 64.
    pub roles: Vec<String>,
    /// One of `roles`, if the record names one.
    pub default_role: Option<String>,
    /// Whether the user is considered verified.
    pub verified: bool,
    /// Whether the user is disabled. Not the same as an invalid session.
    pub disabled: bool,
    /// The identity the user authenticated as.
    pub identity: Option<AuthenticatedAs>,
    /// The second factor, if the session involved one.
    pub authenticator: Option<Authenticator>,
    /// When the session began.
    pub created_at: Option<OffsetDateTime>,
    /// The record's own end; the store's TTL is another (R8: the earliest counts).
    pub expires_at: Option<OffsetDateTime>,
    /// How long the session may be unused.
    pub idle_timeout: Option<Duration>,
    /// Anything else, for `custom` headers as `{attrs.<name>}`.
    pub attrs: Map<String, Value>,
}

/// Seed 002: `x-skygear-session-identity-*`.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthenticatedAs {
    /// Visible ASCII, 1 to 256 bytes.
    pub id: String,
    /// `password`, `oauth`, `custom_token`, or another word of `[a-z0-9_]{1,32}`.
    pub kind: Option<String>,
    /// Last time this identity was authenticated in the session.
    pub updated_at: Option<OffsetDateTime>,
}

/// Seed 002: `x-skygear-session-authenticator-*`.
#[derive(Clone, Debug, PartialEq)]
pub struct Authenticator {
    /// Visible ASCII, 1 to 256 bytes.
    pub id: String,
    /// `totp`, `oob`, `bearer_token`, `recovery_code`, or another word of `[a-z0-9_]{1,32}`.
    pub kind: Option<String>,
    /// `sms`, `email`, or another word; meaningful only for `oob`.
    pub channel: Option<String>,
    /// Last time this authenticator was used in the session.
    pub updated_at: Option<OffsetDateTime>,
}

/// A record as a store holds it: the session and the store's own end for it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSession {
    /// The record.
    pub session: Session,
    /// From the store's TTL; `None`: the store sets no end.
    pub store_expires_at: Option<UnixMillis>,
    /// When it was last used, if that was asked for and is written down anywhere.
    pub last_seen: Option<UnixMillis>,
    /// Whether it was revoked by its name, its record notwithstanding.
    pub is_revoked: bool,
    /// Set where the session carries its own record: then the store has still to be asked whether it was revoked.
    pub carried: Option<Carried>,
    /// Whoever gave the answer wants to be asked again after that.
    pub trust_for: Option<Duration>,
}

/// Of a session that the store keeps no record of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// What was shown proves it, until its own end.
    Proven {
        /// The id of a signed token (`jti`): 1 to 256 bytes of visible ASCII.
        token_id: Option<String>,
    },
    /// Somebody else was asked.
    Vouched,
}

impl Carried {
    /// The id of a signed token.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        match self {
            Self::Proven { token_id } => token_id.as_deref(),
            Self::Vouched => None,
        }
    }
}

/// Where a session's record lies in its store. The key may hold the token, so it is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// Names the session everywhere else.
    pub digest: TokenDigest,
    pub(super) key: Box<str>,
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", self.digest.sid())
    }
}

impl StoredSession {
    /// A record of which nothing else is known.
    #[must_use]
    pub fn new(session: Session, store_expires_at: Option<UnixMillis>) -> Self {
        Self {
            session,
            store_expires_at,
            last_seen: None,
            is_revoked: false,
            carried: None,
            trust_for: None,
        }
    }

    /// When the record says that the session was made.
    #[must_use]
    pub fn created_at(&self) -> Option<UnixMillis> {
        self.session.created_at.map(unix_millis)
    }

    /// The earliest end that the record or the store knows of (R8).
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixMillis> {
        let own = self.session.expires_at.map(unix_millis);
        match (own, self.store_expires_at) {
            (Some(own), Some(store)) => Some(own.min(store)),
            (own, store) => own.or(store),
        }
    }
}

/// What lies before 1970 counts as 1970.
fn unix_millis(at: OffsetDateTime) -> UnixMillis {
    let ms = at.unix_timestamp_nanos() / 1_000_000;
    UnixMillis(u64::try_from(ms).unwrap_or(0))
}
