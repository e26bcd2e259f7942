//! The presets of `format:`: where each framework keeps its sessions, and how (research/features.md F.1).

use crate::config::words::Signing;
use crate::formats::Encoding;
use crate::formats::handle::{Decode, Transform};
use crate::store::{Field, OnPush, Shape};
use std::time::Duration;

/// What a framework does unless its application has changed it.
pub struct Preset {
    /// Its word in `format:`.
    pub word: &'static str,
    /// Whether a bearer token is looked for before the cookie.
    pub bearer: bool,
    /// Looked at in this order.
    pub cookies: &'static [&'static str],
    /// `None`: it holds a name of the site's own, so it has to be written.
    pub key: Option<&'static str>,
    /// How the handle is written.
    pub decode: &'static [Decode],
    /// What proves the handle.
    pub signing: Signing,
    /// From the id to its part of the key.
    pub transform: Transform,
    /// How the record is written.
    pub shape: Shape,
    /// Which fields say what.
    pub fields: &'static [(Field, &'static str)],
    /// Attributes by name.
    pub attrs: &'static [(&'static str, &'static str)],
    /// Where the last use stands.
    pub last_used: Option<&'static str>,
    /// How long a session may be unused.
    pub idle: Idle,
    /// Life since `created_at`.
    pub lifetime: Option<Duration>,
    /// Where the hash of the whole token stands.
    pub token_hash: Option<&'static str>,
    /// What a push of a record means: many frameworks write it on every request.
    pub on_push: OnPush,
}

/// How long a session may be unused, where its end follows from its last use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// As long for every session.
    Fixed(Duration),
    /// As many seconds as a field says.
    Field(&'static str),
    /// The framework computes no such end.
    Unknown,
}

const DAY: u64 = 86_400;

/// What most presets have in common.
const PLAIN: Preset = Preset {
    word: "",
    bearer: false,
    cookies: &["session"],
    key: None,
    decode: &[],
    signing: Signing::None,
    transform: Transform::None,
    shape: Shape::Text(Encoding::Json),
    fields: &[],
    attrs: &[],
    last_used: None,
    idle: Idle::Unknown,
    lifetime: None,
    token_hash: None,
    on_push: OnPush::Suspect,
};

/// All of them.
pub static PRESETS: [Preset; 10] = [
    Preset {
        word: "express_session",
        cookies: &["connect.sid"],
        key: Some("sess:{token}"),
        decode: &[Decode::Percent],
        signing: Signing::Express,
        fields: &[
            (Field::UserId, "passport.user"),
            (Field::ExpiresAt, "cookie.expires"),
        ],
        ..PLAIN
    },
    Preset {
        word: "better_auth",
        cookies: &[
            "__Secure-better-auth.session_token",
            "better-auth.session_token",
        ],
        key: Some("better-auth:{token}"),
        decode: &[Decode::Percent],
        signing: Signing::SignedValue,
        fields: &[
            (Field::UserId, "user.id"),
            (Field::Verified, "user.emailVerified"),
            (Field::CreatedAt, "session.createdAt"),
            (Field::ExpiresAt, "session.expiresAt"),
        ],
        attrs: &[("email", "user.email"), ("name", "user.name")],
        ..PLAIN
    },
    Preset {
        word: "flask_session",
        key: Some("session:{token}"),
        signing: Signing::ItsDangerous,
        shape: Shape::Text(Encoding::Msgpack),
        fields: &[(Field::UserId, "_user_id")],
        ..PLAIN
    },
    Preset {
        word: "django",
        cookies: &["sessionid"],
        key: Some(":1:django.contrib.sessions.cache{token}"),
        shape: Shape::Text(Encoding::Pickle),
        fields: &[(Field::UserId, "_auth_user_id")],
        ..PLAIN
    },
    Preset {
        word: "php_session",
        cookies: &["PHPSESSID"],
        key: Some("PHPREDIS_SESSION:{token}"),
        shape: Shape::Text(Encoding::PhpSession),
        fields: &[(Field::UserId, "user_id")],
        ..PLAIN
    },
    Preset {
        word: "laravel",
        cookies: &["laravel_session"],
        key: Some("laravel_database_laravel_cache:{token}"),
        decode: &[Decode::Percent],
        signing: Signing::Laravel,
        shape: Shape::Text(Encoding::Laravel),
        // SHA-1 of Illuminate\Auth\SessionGuard.
        fields: &[(
            Field::UserId,
            "login_web_59ba36addc2b2f9401580f014c7f58ea4e30989d",
        )],
        ..PLAIN
    },
    Preset {
        word: "spring_session",
        cookies: &["SESSION"],
        key: Some("spring:session:sessions:{token}"),
        decode: &[Decode::Base64],
        shape: Shape::SpringHash,
        fields: &[
            (Field::UserId, "attrs.user_id"),
            (Field::CreatedAt, "creationTime"),
        ],
        last_used: Some("lastAccessedTime"),
        idle: Idle::Field("maxInactiveInterval"),
        ..PLAIN
    },
    Preset {
        word: "authgear",
        bearer: true,
        cookies: &["app_session"],
        fields: AUTHGEAR_FIELDS,
        last_used: Some("access_info.last_access.time"),
        // Authgear's own defaults.
        idle: Idle::Fixed(Duration::from_secs(30 * DAY)),
        lifetime: Some(Duration::from_secs(52 * 7 * DAY)),
        token_hash: Some("token_hash"),
        ..PLAIN
    },
    Preset {
        word: "skygear",
        bearer: true,
        fields: AUTHGEAR_FIELDS,
        last_used: Some("access_info.last_access.time"),
        // Skygear's own defaults.
        idle: Idle::Fixed(Duration::from_secs(300)),
        lifetime: Some(Duration::from_secs(DAY)),
        token_hash: Some("token_hash"),
        ..PLAIN
    },
    Preset {
        word: "hasura",
        bearer: true,
        shape: Shape::HeaderMap,
        key: Some("{token}"),
        fields: &[
            (Field::UserId, "x-hasura-user-id"),
            (Field::Roles, "x-hasura-allowed-roles"),
            (Field::DefaultRole, "x-hasura-role"),
        ],
        on_push: OnPush::Drop,
        ..PLAIN
    },
];

const AUTHGEAR_FIELDS: &[(Field, &str)] = &[
    (Field::UserId, "attrs.user_id"),
    (Field::CreatedAt, "created_at"),
];
