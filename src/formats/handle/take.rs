//! `Take` and `Transform`: from a proved handle to the id in the store's key.

use crate::token::{Flaw, FlawKind};
use ring::digest::{SHA256, digest};

/// Which part is the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Take {
    /// All of it.
    #[default]
    Whole,
    /// What stands before the dot of `<id>.<secret>`, the tokens of Skygear and Authgear. There is one dot, and
    /// something on both sides; the secret is proved by the record's hash of the token.
    BeforeDot,
}

/// What the framework makes of the id for its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Transform {
    /// Nothing.
    #[default]
    None,
    /// Its SHA-256 in hex: the key of Authgear's access grants.
    Sha256,
    /// `2::` and its SHA-256 in hex: the private id of Rack 2.0.8 and later.
    RackPrivateId,
}

impl Take {
    pub(super) fn part_of(self, proved: &[u8]) -> Result<&[u8], Flaw> {
        let part = match self {
            Self::Whole => Some(proved),
            Self::BeforeDot => before_dot(proved),
        };
        part.ok_or_else(|| Flaw::new(FlawKind::Malformed, "it is not `<id>.<secret>`"))
    }
}

impl Transform {
    pub(super) fn apply(self, id: &[u8]) -> Vec<u8> {
        let hashed = || hex::encode(digest(&SHA256, id));
        match self {
            // An absent id must not become the hash of nothing.
            _ if id.is_empty() => Vec::new(),
            Self::None => id.to_vec(),
            Self::Sha256 => hashed().into_bytes(),
            Self::RackPrivateId => format!("2::{}", hashed()).into_bytes(),
        }
    }
}

fn before_dot(proved: &[u8]) -> Option<&[u8]> {
    let mut parts = proved.split(|byte| *byte == b'.');
    let (id, secret) = (parts.next()?, parts.next()?);
    let is_whole = !id.is_empty() && !secret.is_empty() && parts.next().is_none();
    is_whole.then_some(id)
}
