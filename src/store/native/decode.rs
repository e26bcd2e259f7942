//! `decode_native`: from the bytes under a session key to a `Session`, or to the field that is broken.

use super::members::Members;
use crate::store::broken_record::BrokenRecord;
use crate::store::session::{AuthenticatedAs, Authenticator, Session};
use crate::store::text_rule::TextRule;
use crate::strict_json::{self, JsonLimits, Node};

/// Reads and checks a native record (design section 6, rule R2).
///
/// # Errors
/// When it is not such a record. The error names the dotted field and the fault, never the value.
pub fn decode_native(bytes: &[u8]) -> Result<Session, BrokenRecord> {
    if bytes.is_empty() {
        return Err(BrokenRecord::new("record", "empty"));
    }
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(BrokenRecord::new("record", "larger than 16 KiB"));
    }
    let json = strict_json::parse_in_place(bytes, JsonLimits::default())
        .map_err(|error| BrokenRecord::new("record", format!("not strict JSON: {error}")))?;
    let mut record = Members::of_record(json)?;
    check_version(&mut record)?;
    let user_id = record.id("user_id")?;
    let roles = record.texts("roles", TextRule::Role, MAX_ROLES)?;
    let default_role = record.text("default_role", TextRule::Role)?;
    if default_role
        .as_ref()
        .is_some_and(|role| !roles.contains(role))
    {
        return Err(record.broken("default_role", "not one of roles"));
    }
    Ok(Session {
        user_id,
        roles,
        default_role,
        verified: record.flag("verified")?,
        disabled: record.flag("disabled")?,
        identity: record.object("identity")?.map(identity).transpose()?,
        authenticator: record
            .object("authenticator")?
            .map(authenticator)
            .transpose()?,
        created_at: record.time("created_at")?,
        expires_at: record.time("expires_at")?,
        idle_timeout: record.span("idle_timeout")?,
        attrs: record
            .object("attrs")?
            .map(Members::into_map)
            .unwrap_or_default(),
    })
}

fn check_version(record: &mut Members<'_>) -> Result<(), BrokenRecord> {
    match record.take("v") {
        Some(Node::Number(version)) if version.as_u64() == Some(1) => Ok(()),
        Some(_) => Err(record.broken("v", "not 1, the only version there is")),
        None => Err(record.broken("v", "missing")),
    }
}

fn identity(mut members: Members<'_>) -> Result<AuthenticatedAs, BrokenRecord> {
    Ok(AuthenticatedAs {
        id: members.id("id")?,
        kind: members.text("type", TextRule::Word)?,
        updated_at: members.time("updated_at")?,
    })
}

fn authenticator(mut members: Members<'_>) -> Result<Authenticator, BrokenRecord> {
    Ok(Authenticator {
        id: members.id("id")?,
        kind: members.text("type", TextRule::Word)?,
        channel: members.text("channel", TextRule::Word)?,
        updated_at: members.time("updated_at")?,
    })
}

/// The longest record (design section 6).
pub(in crate::store) const MAX_RECORD_BYTES: usize = 16 * 1024;

/// Design section 6.
const MAX_ROLES: usize = 64;
