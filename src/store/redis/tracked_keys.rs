//! `TrackedKeys`: the keys of which a change matters, and what the change of one means.

use crate::store::feed::{Change, ChangeSink};
use crate::store::key::KeyTemplate;
use crate::store::own_keys::{REVOKED, USER};
use crate::store::session::SessionKey;
use crate::store::settings::{Follows, OnPush, RedisSettings};
use crate::token::TokenDigest;

/// Whose keys they are.
pub(super) enum TrackedKeys {
    /// The gateway's own marks, and the records of sessions if there are any.
    Own {
        records: Option<KeyTemplate>,
        on_push: OnPush,
    },
    /// Another service's: what follows one of these heads names a session.
    Foreign(Vec<String>),
}

impl TrackedKeys {
    pub(super) fn of(settings: &RedisSettings) -> Self {
        match &settings.follows {
            Follows::Own => Self::Own {
                records: settings.key.clone(),
                on_push: settings.on_push,
            },
            Follows::Foreign(heads) => Self::Foreign(heads.clone()),
        }
    }

    /// The heads of all these keys. None of them begins with another, or Redis refuses.
    pub(super) fn heads(&self) -> impl Iterator<Item = &str> {
        let (own, foreign) = match self {
            Self::Own { records, .. } => {
                let records = records.as_ref().map(KeyTemplate::prefix);
                (Some(records.into_iter().chain([USER, REVOKED])), None)
            }
            Self::Foreign(heads) => (None, Some(heads.iter().map(String::as_str))),
        };
        let own = own.into_iter().flatten();
        own.chain(foreign.into_iter().flatten())
    }

    /// Tells what it means that this key was written, deleted or has expired.
    pub(super) fn tell(&self, key: &[u8], sink: &dyn ChangeSink) {
        match self {
            Self::Own { records, on_push } => own(key, records.as_ref(), *on_push, sink),
            Self::Foreign(heads) => foreign(key, heads, sink),
        }
    }
}

fn own(key: &[u8], records: Option<&KeyTemplate>, on_push: OnPush, sink: &dyn ChangeSink) {
    if let Some(user_id) = rest(key, USER) {
        sink.changed(Change::User(user_id));
    } else if let Some(name) = rest(key, REVOKED) {
        sink.changed(Change::Revoked(name));
    } else if let Some(template) = records {
        record(key, template, on_push, sink);
    }
}

fn record(key: &[u8], template: &KeyTemplate, on_push: OnPush, sink: &dyn ChangeSink) {
    if let Some(name) = template.shared_name_of_key(key) {
        sink.changed(Change::Shared(name));
        return;
    }
    match on_push {
        OnPush::Drop => {
            if let Some(session) = template.digest_of_key(key) {
                sink.changed(Change::Session(session));
            }
        }
        OnPush::Suspect => {
            if let Some(session) = template.session_at(key) {
                sink.changed(Change::Touched(&session));
            }
        }
    }
}

/// The id of a session, or the SHA-256 of a token (features.md F.1, Authgear). Most likely the record is as it was: its
/// service rewrites it whenever it is used.
fn foreign(key: &[u8], heads: &[String], sink: &dyn ChangeSink) {
    let Some(name) = heads.iter().find_map(|head| rest(key, head)) else {
        return;
    };
    let digest = TokenDigest::from_hex(name.as_bytes());
    let digest = digest.unwrap_or_else(|| TokenDigest::of(name));
    if let Ok(key) = str::from_utf8(key) {
        let key = key.into();
        sink.changed(Change::Touched(&SessionKey { digest, key }));
    }
}

fn rest<'k>(key: &'k [u8], head: &str) -> Option<&'k str> {
    str::from_utf8(key.strip_prefix(head.as_bytes())?).ok()
}

#[cfg(test)]
mod tests {
    use super::TrackedKeys;
    use crate::store::redis::test_sink::Recorder;
    use crate::token::TokenDigest;

    #[test]
    fn a_foreign_key_names_an_id_or_a_token() {
        let keys = TrackedKeys::Foreign(vec!["app:session:".to_owned(), "app:grant:".to_owned()]);
        assert!(keys.heads().eq(["app:session:", "app:grant:"]));
        let token = TokenDigest::of("token");
        let cases: [(&[u8], Option<TokenDigest>); 6] = [
            (b"app:session:id", Some(TokenDigest::of("id"))),
            (b"app:session:", Some(TokenDigest::of(""))),
            (b"app:session:\xff", None),
            (b"app:other:id", None),
            (b"sessiongate:revoked:id", None),
            (b"app:grant:token", Some(TokenDigest::of("token"))),
        ];
        let heard = Recorder::default();
        for (key, expected) in cases {
            keys.tell(key, &heard);
            let told = heard.take().changes;
            assert_eq!(told, Vec::from_iter(expected), "{key:?}");
        }
        keys.tell(format!("app:grant:{}", token.to_hex()).as_bytes(), &heard);
        assert_eq!(heard.take().changes, [token]);
    }
}
