//! `{cookie_session: …}` of `token:`: a session in a signed cookie.

use super::cookies::named_cookie;
use super::field_map;
use super::place::Place;
use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::words;
use crate::formats::Secrets;
use crate::formats::cookie_session::CookieSession;
use crate::secret::Secret;
use crate::store::{Content, Envelope, FieldMap};
use crate::token::{CookieName, CookieSource, TokenSource};

pub(super) fn place(value: Value<'_>) -> Option<Place> {
    let section = value.mapping(keys::COOKIE_SESSION)?;
    let cookie = named_cookie(&section);
    let session = session(&section);
    let content = content(&section);
    let (cookie, session) = (cookie?, session?);
    let name = cookie.name.as_str().to_owned();
    let token = match &session {
        CookieSession::Unsigned => TokenSource::Cookie(cookie),
        CookieSession::Signed { .. } => signed(cookie, value)?,
    };
    Some(Place {
        token,
        envelope: Some(Envelope {
            name,
            session,
            content: content?,
        }),
    })
}

fn signed(cookie: CookieSource, value: Value<'_>) -> Option<TokenSource> {
    let name = CookieName::new(&format!("{}.sig", cookie.name.as_str()));
    if name.is_none() {
        value.fault(
            "the name of this cookie is too long",
            "at most 124 characters",
        );
    }
    let signature = CookieSource {
        name: name?,
        duplicates: cookie.duplicates,
    };
    Some(TokenSource::SignedCookie { cookie, signature })
}

fn session(section: &Mapping<'_>) -> Option<CookieSession> {
    let digest = section.choice("digest", &words::DIGEST);
    let unsigned = section.get("unsigned").and_then(Value::boolean);
    match (section.get("keys"), unsigned) {
        (Some(keys), Some(true)) => {
            keys.fault(
                "an unsigned cookie has no keys",
                "remove `unsigned` or `keys`",
            );
            None
        }
        (None, Some(true)) => Some(CookieSession::Unsigned),
        (None, _) => {
            let help = "keys: [{env: SESSION_KEY}], those of the application; or `unsigned: true` with a signed token inside";
            section.value.fault("missing key `keys`", help);
            None
        }
        (Some(value), _) => {
            let read: Option<Vec<Secret<String>>> =
                value.items().into_iter().map(secrets::read).collect();
            let keys = Secrets::new(read?)
                .inspect_err(|fault| value.fault(fault.to_string(), "the keys of the application"));
            Some(CookieSession::Signed {
                keys: keys.ok()?,
                digest: digest.unwrap_or_default(),
            })
        }
    }
}

/// Fields alone are believed only if they are signed.
fn content(section: &Mapping<'_>) -> Option<Content> {
    match (section.get("jwt"), section.get("map")) {
        (Some(path), None) => field_map::path(path).map(Content::Token),
        (None, Some(fields)) => {
            let unsigned = section.get("unsigned").and_then(Value::boolean);
            if unsigned == Some(true) {
                fields.fault(
                    "anybody could write these fields: the cookie is not signed",
                    "keys: [{env: SESSION_KEY}]",
                );
                return None;
            }
            let mut map = FieldMap::default();
            field_map::read(section, &mut map);
            if map.path(crate::store::Field::UserId).is_none() {
                fields.fault("missing key `user_id`", "user_id: user.id");
            }
            Some(Content::Fields(map))
        }
        (Some(_), Some(fields)) => {
            fields.fault(
                "the session is in the token or in the cookie",
                "keep `jwt` or `map`",
            );
            None
        }
        (None, None) => {
            let help = "`jwt: jwt`, where in the cookie's JSON a signed token stands; or `map: {user_id: user.id}`";
            section
                .value
                .fault("it is not said what the cookie holds", help);
            None
        }
    }
}
