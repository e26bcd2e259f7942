//! `Handle`: the steps from what is shown to the session's id, as data.

use super::authenticate::Authenticate;
use super::decode::Decode;
use super::store_id::store_id;
use super::take::{Take, Transform};
use crate::secret::Secret;
use crate::token::{Flaw, FlawKind};
use std::borrow::Cow;

/// How one framework's cookie or bearer token names its session. The default takes the id as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Handle {
    /// Undone in this order. Quotes around a cookie's value are gone before.
    pub decode: Vec<Decode>,
    /// What proves that the framework gave the handle out.
    pub authenticate: Authenticate,
    /// Which part of what was proved is the id.
    pub take: Take,
    /// What the framework makes of the id before it asks its store.
    pub transform: Transform,
}

impl Handle {
    /// Whether the id is shown as it is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The id of the session: 1 to 512 bytes of visible ASCII. It opens the session, as the handle itself does.
    ///
    /// One id may be shown in several ways (`%3A` and `:`), so a session is known by the id and not by what was shown.
    ///
    /// # Errors
    /// `Malformed` where the handle has not the shape of its kind, `Signature` where no configured key made it.
    pub fn open(&self, shown: &str) -> Result<Secret<String>, Flaw> {
        if shown.len() > MAX_SHOWN_BYTES {
            let detail = "the handle is longer than 8 KiB";
            return Err(Flaw::new(FlawKind::Malformed, detail));
        }
        let mut handle = Cow::Borrowed(shown.as_bytes());
        for step in &self.decode {
            handle = Cow::Owned(step.undo(&handle)?);
        }
        let proved = self.authenticate.open(&handle)?;
        let id = self.transform.apply(self.take.part_of(&proved)?);
        store_id(id)
    }
}

/// What a bearer token may have at most.
const MAX_SHOWN_BYTES: usize = 8 * 1024;
