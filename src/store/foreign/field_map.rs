//! `FieldMap`: which fields of a foreign record say what of a session.

use super::path::FieldPath;
use super::value as read;
use crate::store::broken_record::BrokenRecord;
use crate::store::session::{AuthenticatedAs, Authenticator, Session};
use crate::store::text_rule::TextRule;
use serde_json::Value;
use time::OffsetDateTime;

/// What of a session can be taken from a record. The word of each is its key in `map:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Without it nobody has logged in.
    UserId,
    /// A list, or one text with commas or blanks between them.
    Roles,
    /// One of the roles.
    DefaultRole,
    /// `true` or `false`, 1 or 0.
    Verified,
    /// The same.
    Disabled,
    /// With it there is an identity.
    IdentityId,
    /// A word.
    IdentityType,
    /// A time.
    IdentityUpdatedAt,
    /// With it there is an authenticator.
    AuthenticatorId,
    /// A word.
    AuthenticatorType,
    /// A word.
    AuthenticatorChannel,
    /// A time.
    AuthenticatorUpdatedAt,
    /// A time: what "log out everywhere" is compared with.
    CreatedAt,
    /// A time.
    ExpiresAt,
}

impl Field {
    /// Every one, with its word.
    pub const ALL: [(&'static str, Self); 14] = [
        ("user_id", Self::UserId),
        ("roles", Self::Roles),
        ("default_role", Self::DefaultRole),
        ("verified", Self::Verified),
        ("disabled", Self::Disabled),
        ("identity_id", Self::IdentityId),
        ("identity_type", Self::IdentityType),
        ("identity_updated_at", Self::IdentityUpdatedAt),
        ("authenticator_id", Self::AuthenticatorId),
        ("authenticator_type", Self::AuthenticatorType),
        ("authenticator_channel", Self::AuthenticatorChannel),
        ("authenticator_updated_at", Self::AuthenticatorUpdatedAt),
        ("created_at", Self::CreatedAt),
        ("expires_at", Self::ExpiresAt),
    ];
}

/// Paths by field, and attributes by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMap {
    fields: Vec<(Field, FieldPath)>,
    attrs: Vec<(Box<str>, FieldPath)>,
}

impl FieldMap {
    /// Says where a field stands, or that it stands elsewhere than was said before.
    pub fn set(&mut self, field: Field, path: FieldPath) {
        self.fields.retain(|(known, _)| *known != field);
        self.fields.push((field, path));
    }

    /// Keeps what stands there for `custom` headers, as `{attrs.<name>}`.
    pub fn set_attribute(&mut self, name: &str, path: FieldPath) {
        self.attrs.retain(|(known, _)| **known != *name);
        self.attrs.push((name.into(), path));
    }

    /// Where a field stands.
    #[must_use]
    pub fn path(&self, field: Field) -> Option<&FieldPath> {
        let mut fields = self.fields.iter();
        Some(&fields.find(|(known, _)| *known == field)?.1)
    }

    /// Attributes with their paths.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &FieldPath)> {
        self.attrs.iter().map(|(name, path)| (&**name, path))
    }

    /// Every path that is read.
    pub fn paths(&self) -> impl Iterator<Item = &FieldPath> {
        let attrs = self.attrs.iter().map(|(_, path)| path);
        self.fields.iter().map(|(_, path)| path).chain(attrs)
    }

    /// Makes a session of a record; `None` if it names no user: nobody has logged in.
    ///
    /// # Errors
    /// When a field is not what it has to be (R2). The error names its path, never the value.
    pub fn read(&self, record: &Value) -> Result<Option<Session>, BrokenRecord> {
        let Some(user_id) = self.text(record, Field::UserId, TextRule::Id)? else {
            return Ok(None);
        };
        let roles = self.roles(record)?;
        let default_role = self.text(record, Field::DefaultRole, TextRule::Role)?;
        if let (Some(role), Some(path)) = (&default_role, self.path(Field::DefaultRole))
            && !roles.contains(role)
        {
            return Err(broken(path, "not one of the roles"));
        }
        Ok(Some(Session {
            user_id,
            roles,
            default_role,
            verified: self.flag(record, Field::Verified)?,
            disabled: self.flag(record, Field::Disabled)?,
            identity: self.identity(record)?,
            authenticator: self.authenticator(record)?,
            created_at: self.time(record, Field::CreatedAt)?,
            expires_at: self.time(record, Field::ExpiresAt)?,
            idle_timeout: None,
            attrs: self
                .attrs
                .iter()
                .filter_map(|(name, path)| Some((name.to_string(), path.find(record)?.clone())))
                .collect(),
        }))
    }

    fn identity(&self, record: &Value) -> Result<Option<AuthenticatedAs>, BrokenRecord> {
        let Some(id) = self.text(record, Field::IdentityId, TextRule::Id)? else {
            return Ok(None);
        };
        Ok(Some(AuthenticatedAs {
            id,
            kind: self.text(record, Field::IdentityType, TextRule::Word)?,
            updated_at: self.time(record, Field::IdentityUpdatedAt)?,
        }))
    }

    fn authenticator(&self, record: &Value) -> Result<Option<Authenticator>, BrokenRecord> {
        let Some(id) = self.text(record, Field::AuthenticatorId, TextRule::Id)? else {
            return Ok(None);
        };
        Ok(Some(Authenticator {
            id,
            kind: self.text(record, Field::AuthenticatorType, TextRule::Word)?,
            channel: self.text(record, Field::AuthenticatorChannel, TextRule::Word)?,
            updated_at: self.time(record, Field::AuthenticatorUpdatedAt)?,
        }))
    }

    fn roles(&self, record: &Value) -> Result<Vec<String>, BrokenRecord> {
        let Some(path) = self.path(Field::Roles) else {
            return Ok(Vec::new());
        };
        let roles = read::texts(path.all(record)).map_err(|fault| broken(path, fault))?;
        if roles.len() > MAX_ROLES {
            return Err(broken(path, "more than 64 roles"));
        }
        if !roles.iter().all(|role| TextRule::Role.holds(role)) {
            return Err(broken(path, TextRule::Role.fault()));
        }
        Ok(roles)
    }

    fn text(
        &self,
        record: &Value,
        field: Field,
        rule: TextRule,
    ) -> Result<Option<String>, BrokenRecord> {
        self.one(record, field, |value| {
            let text = read::text(value)?;
            if rule.holds(&text) {
                Ok(text)
            } else {
                Err(rule.fault())
            }
        })
    }

    fn flag(&self, record: &Value, field: Field) -> Result<bool, BrokenRecord> {
        Ok(self.one(record, field, read::flag)?.unwrap_or_default())
    }

    fn time(&self, record: &Value, field: Field) -> Result<Option<OffsetDateTime>, BrokenRecord> {
        self.one(record, field, read::time)
    }

    fn one<T>(
        &self,
        record: &Value,
        field: Field,
        read: impl Fn(&Value) -> Result<T, &'static str>,
    ) -> Result<Option<T>, BrokenRecord> {
        let Some(path) = self.path(field) else {
            return Ok(None);
        };
        let value = path.find(record).filter(|value| !is_empty(value));
        value
            .map(|value| read(value).map_err(|fault| broken(path, fault)))
            .transpose()
    }
}

/// Languages without a null write an empty text.
fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

fn broken(path: &FieldPath, fault: &'static str) -> BrokenRecord {
    BrokenRecord::new(path.to_string(), fault)
}

/// Design section 6.
const MAX_ROLES: usize = 64;

#[cfg(test)]
mod tests {
    use super::{Field, FieldMap};
    use crate::store::foreign::path::FieldPath;
    use serde_json::{Value, json};

    fn map(fields: &[(Field, &str)]) -> FieldMap {
        let mut map = FieldMap::default();
        for (field, path) in fields {
            map.set(*field, FieldPath::parse(path).expect("a path"));
        }
        map
    }

    #[test]
    fn a_session_is_made_of_the_fields_that_are_named() {
        let mut map = map(&[
            (Field::UserId, "id"),
            (Field::UserId, "user.id"),
            (Field::Roles, "user.roles.*.name"),
            (Field::DefaultRole, "user.role"),
            (Field::Verified, "user.mail_ok"),
            (Field::IdentityId, "login.id"),
            (Field::IdentityType, "login.kind"),
            (Field::AuthenticatorId, "factor.id"),
            (Field::CreatedAt, "made"),
        ]);
        map.set_attribute("email", FieldPath::parse("user.mail").expect("a path"));
        map.set_attribute("none", FieldPath::parse("user.none").expect("a path"));
        let record = json!({
            "id": "wrong",
            "user": {"id": 17, "roles": [{"name": "a"}, {"name": "b"}], "role": "b", "mail_ok": 1, "mail": "a@b"},
            "login": {"id": "i-1", "kind": "password"},
            "made": 1_767_225_600,
        });
        let session = map.read(&record).expect("sound").expect("a user");
        assert_eq!(session.user_id, "17");
        assert_eq!(session.roles, ["a", "b"]);
        assert_eq!(session.default_role.as_deref(), Some("b"));
        assert!(session.verified && !session.disabled);
        let identity = session.identity.expect("an identity");
        assert_eq!(
            (&*identity.id, identity.kind.as_deref()),
            ("i-1", Some("password"))
        );
        assert_eq!(session.authenticator, None);
        let made = session.created_at.expect("a time");
        assert_eq!(made.unix_timestamp(), 1_767_225_600);
        assert_eq!(Value::Object(session.attrs), json!({"email": "a@b"}));
    }

    #[test]
    fn without_a_user_nobody_has_logged_in() {
        let map = map(&[(Field::UserId, "user"), (Field::Roles, "roles")]);
        for record in [
            json!({}),
            json!({"user": null}),
            json!({"user": ""}),
            json!([]),
        ] {
            assert_eq!(map.read(&record), Ok(None), "{record}");
        }
    }

    #[test]
    fn a_field_of_the_wrong_kind_breaks_the_record_and_is_named() {
        let map = map(&[
            (Field::UserId, "user"),
            (Field::Roles, "roles"),
            (Field::DefaultRole, "role"),
            (Field::Disabled, "off"),
            (Field::ExpiresAt, "end"),
        ]);
        let cases = [
            (json!({"user": {"id": 1}}), "user"),
            (json!({"user": "a b"}), "user"),
            (json!({"user": -1}), "user"),
            (json!({"user": 1.5}), "user"),
            (json!({"user": "u", "roles": {"a": 1}}), "roles"),
            (json!({"user": "u", "roles": ["a b"]}), "roles"),
            (json!({"user": "u", "roles": vec!["r"; 65]}), "roles"),
            (json!({"user": "u", "roles": ["a"], "role": "b"}), "role"),
            (json!({"user": "u", "off": "maybe"}), "off"),
            (json!({"user": "u", "end": "tomorrow"}), "end"),
        ];
        for (record, field) in cases {
            let fault = map.read(&record).expect_err("broken");
            assert_eq!(fault.field, field, "{record}");
        }
    }
}
