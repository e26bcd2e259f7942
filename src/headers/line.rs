//! `Line`: one header of a profile, and what it says of each kind of caller.

use super::field::Field;
use crate::store::{BrokenRecord, Session};
use bytes::Bytes;
use http::HeaderValue;

/// Appends the value for a valid session. `Ok(false)`: the header is not sent, what was appended is thrown away.
type Write = dyn Fn(&Session, &mut String) -> Result<bool, BrokenRecord> + Send + Sync;

/// A configured name, kept to the end of the process: handing it on counts nothing. A reference count would be one for all
/// threads, written by each of their requests. A configuration has few names, and is opened a few times at most.
pub(super) fn lasting(name: &str) -> Bytes {
    Bytes::from_static(name.to_owned().leak().as_bytes())
}

/// Made once at load by the profile that the header belongs to.
pub(super) struct Line {
    /// As the profile spells it; see [`lasting`].
    pub(super) name: Bytes,
    /// For a valid session.
    pub(super) write: Box<Write>,
    /// Without a credential.
    pub(super) absent: Option<HeaderValue>,
    /// With an invalid credential that the route lets pass.
    pub(super) invalid: Option<HeaderValue>,
    /// A requested role that the user owns takes the place of the value (R5).
    pub(super) takes_requested_role: bool,
}

impl Line {
    /// A header that only valid sessions have.
    pub(super) fn new(
        name: impl Into<Bytes>,
        write: impl Fn(&Session, &mut String) -> Result<bool, BrokenRecord> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            write: Box::new(write),
            absent: None,
            invalid: None,
            takes_requested_role: false,
        }
    }

    /// A header that says one field of a valid session, if the session has it.
    pub(super) fn field(name: &'static str, field: Field) -> Self {
        Self::new(name, move |session, out| field.write(session, out))
    }
}
