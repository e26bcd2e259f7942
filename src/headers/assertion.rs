//! `Assertion`: the header of a plan whose value is signed for a while, and so cannot be rendered with the others.

use super::line::lasting;
use super::profile::AssertionHeader;
use crate::store::Session;
use bytes::Bytes;

/// Made once at load; whoever writes the headers signs the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// As the profile spells it; handing it on counts nothing.
    pub name: Bytes,
    /// `aud`.
    pub audience: Box<str>,
}

impl Assertion {
    pub(super) fn new(header: &AssertionHeader) -> Self {
        Self {
            name: lasting(&header.name),
            audience: header.audience.as_str().into(),
        }
    }

    /// No assertion of this session is longer, its name included: it counts towards the limit of R2 before it is signed.
    pub(super) fn most_bytes(&self, session: &Session) -> usize {
        let id = &session.user_id;
        let escaped = id.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
        let roles = session.roles.iter().map(|role| role.len() + QUOTED);
        let claims = id.len() + escaped.count() + roles.sum::<usize>() + self.audience.len();
        self.name.len() + FRAME + claims * 4 / 3
    }
}

/// Quotes and comma of one element.
const QUOTED: usize = 3;
/// What all of them have: header and signature, names of claims, times and sid, an issuer of 256 bytes.
const FRAME: usize = 768;
