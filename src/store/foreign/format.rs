//! `RecordFormat`: how a record is written, and how it becomes a session.

use super::ends::Idleness;
use super::field_map::{Field, FieldMap};
use super::path::FieldPath;
use crate::formats::handle::{Handle, matches_token_hash};
use crate::formats::{DecodeError, Decoded, Encoding, Limits, decode_spring};
use crate::store::broken_record::BrokenRecord;
use crate::store::contract::{LookupError, NoSession};
use crate::store::native::{MAX_RECORD_BYTES, decode_native};
use crate::store::session::Session;
use crate::token::{Flaw, FlawKind, TokenDigest};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::time::Duration;
use time::OffsetDateTime;

/// What lies under a session's key.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum RecordFormat {
    /// The gateway's own (design section 6).
    #[default]
    Native,
    /// That of another framework, as data (research/features.md F.2).
    Foreign(Box<ForeignFormat>),
}

/// The steps from a shown handle to a session, one value per step.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignFormat {
    /// The word of the preset.
    pub name: &'static str,
    /// From what is shown to the id in the key.
    pub handle: Handle,
    /// How the record is written.
    pub shape: Shape,
    /// Which fields say what.
    pub map: FieldMap,
    /// An end that follows from the last use.
    pub idle: Option<Idleness>,
    /// An end that follows from `created_at`.
    pub lifetime: Option<Duration>,
    /// A field with the SHA-256 of the whole token, in hex: the key is made of a part of the token only.
    pub token_hash: Option<FieldPath>,
}

/// How a record is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A Redis string.
    Text(Encoding),
    /// A Redis string: a JSON object from header to text or list, in any case (features.md A.4). Without a list of roles
    /// the one role is all that there is.
    HeaderMap,
    /// A Redis hash of Spring Session.
    SpringHash,
}

/// A record as the store gave it.
#[derive(Clone, PartialEq, Eq)]
pub enum RawRecord {
    /// A Redis string.
    Text(Vec<u8>),
    /// The fields of a hash that were asked for and are there.
    Hash(Vec<(String, Vec<u8>)>),
}

impl RecordFormat {
    /// Bytes of the longest record.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        match self {
            Self::Native => MAX_RECORD_BYTES,
            Self::Foreign(_) => Limits::default().bytes,
        }
    }

    /// Whether an application writes the records itself, by its framework, and not an auth service for it.
    #[must_use]
    pub fn is_an_applications(&self) -> bool {
        match self {
            Self::Native => false,
            Self::Foreign(format) => !OF_AUTH_SERVICES.contains(&format.name),
        }
    }

    /// From what is shown to the token that names the session; `None`: it is that token.
    #[must_use]
    pub fn handle(&self) -> Option<&Handle> {
        match self {
            Self::Native => None,
            Self::Foreign(format) => Some(&format.handle).filter(|handle| !handle.is_plain()),
        }
    }

    /// The fields to ask a hash for; `None`: the record is a string.
    #[must_use]
    pub fn hash_fields(&self) -> Option<Vec<String>> {
        match self {
            Self::Foreign(format) if format.shape == Shape::SpringHash => {
                Some(format.hash_fields())
            }
            Self::Native | Self::Foreign(_) => None,
        }
    }

    /// Makes a session of a record. `session` is the digest of the whole token.
    ///
    /// # Errors
    /// [`LookupError::Broken`] for a record that cannot be used, [`LookupError::Without`] for one that nobody has logged
    /// in with, or of which another token is meant.
    pub fn read(&self, raw: &RawRecord, session: TokenDigest) -> Result<Session, LookupError> {
        match (self, raw) {
            (Self::Native, RawRecord::Text(bytes)) => Ok(decode_native(bytes)?),
            (Self::Native, RawRecord::Hash(_)) => {
                Err(BrokenRecord::new("record", "not a string").into())
            }
            (Self::Foreign(format), raw) => format.read(raw, session),
        }
    }
}

impl ForeignFormat {
    fn read(&self, raw: &RawRecord, session: TokenDigest) -> Result<Session, LookupError> {
        let Decoded { value, opaque } = self.decode(raw)?;
        if let Some(path) = &self.token_hash {
            let hash = path.find(&value).and_then(|hash| hash.as_str());
            let is_meant = hash.is_some_and(|hash| matches_token_hash(hash, session));
            if !is_meant {
                let flaw = Flaw::new(FlawKind::Signature, "the secret part is not the session's");
                return Err(NoSession::Flawed(flaw).into());
            }
        }
        let Some(mut found) = self.map.read(&value)? else {
            return Err(self.nobody(&opaque));
        };
        let by_lifetime = match self.lifetime {
            Some(span) => self.end_of_life(span, found.created_at)?,
            None => None,
        };
        let by_use = match &self.idle {
            Some(idle) => idle.end(&value)?,
            None => None,
        };
        let ends = [found.expires_at, by_lifetime, by_use];
        found.expires_at = ends.into_iter().flatten().min();
        Ok(found)
    }

    /// As with an idle timeout, a session of which no end is known is not believed to have none.
    fn end_of_life(
        &self,
        span: Duration,
        created: Option<OffsetDateTime>,
    ) -> Result<Option<OffsetDateTime>, NoSession> {
        let Some(created) = created else {
            let path = self.map.path(Field::CreatedAt).map(ToString::to_string);
            let detail = format!("the record has no `{}`", path.unwrap_or_default());
            return Err(Flaw::new(FlawKind::Expired, detail).into());
        };
        let span = time::Duration::try_from(span).unwrap_or(time::Duration::MAX);
        Ok(created.checked_add(span))
    }

    fn decode(&self, raw: &RawRecord) -> Result<Decoded, BrokenRecord> {
        let limits = Limits::default();
        match (&self.shape, raw) {
            (Shape::Text(encoding), RawRecord::Text(bytes)) => encoding
                .decode(bytes, &limits)
                .map_err(|fault| undecodable(encoding.as_str(), fault)),
            (Shape::HeaderMap, RawRecord::Text(bytes)) => {
                let decoded = Encoding::Json.decode(bytes, &limits);
                let mut decoded = decoded.map_err(|fault| undecodable("json", fault))?;
                decoded.value = header_map(decoded.value);
                Ok(decoded)
            }
            (Shape::SpringHash, RawRecord::Hash(fields)) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| (name.as_bytes(), value.as_slice()));
                decode_spring(fields, &limits).map_err(|fault| undecodable("spring", fault))
            }
            _ => Err(BrokenRecord::new("record", "of another Redis type")),
        }
    }

    /// A record without a user, unless the user stands in what is no data: then it must not pass for a guest's.
    fn nobody(&self, opaque: &[String]) -> LookupError {
        let path = self.map.path(Field::UserId).map(ToString::to_string);
        let path = path.unwrap_or_default();
        let holds_it = |place: &String| {
            let rest = path.strip_prefix(place.as_str());
            place.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if opaque.iter().any(holds_it) {
            let fault = "inside an object of a class, which is not read; keep the user's id in a plain field as well";
            return BrokenRecord::new(path, fault).into();
        }
        NoSession::Guest.into()
    }

    /// Of a hash, what the map and the ends read.
    fn hash_fields(&self) -> Vec<String> {
        let mut fields = SPRING_FIELDS.map(str::to_owned).to_vec();
        for path in self.map.paths() {
            let mut steps = path.steps();
            if let (Some("attrs"), Some(name)) = (steps.next(), steps.next()) {
                let field = format!("sessionAttr:{name}");
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
        }
        fields
    }
}

fn header_map(record: Value) -> Value {
    let Value::Object(headers) = record else {
        return record;
    };
    let lowered = headers.into_iter();
    let mut headers: Map<String, Value> = lowered
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    if !headers.contains_key(ALLOWED_ROLES)
        && let Some(role) = headers.get(ROLE).cloned()
    {
        headers.insert(ALLOWED_ROLES.to_owned(), role);
    }
    Value::Object(headers)
}

const OF_AUTH_SERVICES: [&str; 3] = ["authgear", "hasura", "skygear"];

const ROLE: &str = "x-hasura-role";
const ALLOWED_ROLES: &str = "x-hasura-allowed-roles";

fn undecodable(encoding: &str, fault: DecodeError) -> BrokenRecord {
    BrokenRecord::new("record", Cow::Owned(format!("not {encoding}: {fault}")))
}

const SPRING_FIELDS: [&str; 3] = ["creationTime", "lastAccessedTime", "maxInactiveInterval"];
