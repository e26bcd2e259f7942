//! `BodyTokens`: what the body of a request shows to the sources of a list.

use super::body::{BodyKind, find_in_form, find_in_json};
use super::source::TokenSource;
use super::unusable::Unusable;
use crate::secret::Secret;

/// The tokens alone: the body itself may go. Nothing at all where no body was looked into.
#[derive(Debug, Default)]
pub struct BodyTokens {
    found: Vec<(usize, Result<Secret<String>, Unusable>)>,
}

impl BodyTokens {
    /// Asks every source that looks into bodies of this kind. A body of no bytes shows nothing.
    #[must_use]
    pub fn find(sources: &[TokenSource], kind: BodyKind, body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::default();
        }
        let shown = sources.iter().enumerate().filter_map(|(place, source)| {
            let shown = match (kind, source) {
                (BodyKind::Form, TokenSource::Form(field)) => find_in_form(body, field),
                (BodyKind::Json, TokenSource::Json(path)) => find_in_json(body, path),
                _ => None,
            };
            Some((place, shown?.map(Secret::new)))
        });
        Self {
            found: shown.collect(),
        }
    }

    /// What the source at this position found.
    pub(super) fn at(&self, place: usize) -> Option<Result<&str, Unusable>> {
        let (_, found) = self.found.iter().find(|(own, _)| *own == place)?;
        Some(match found {
            Ok(token) => Ok(token.expose()),
            Err(reason) => Err(*reason),
        })
    }
}
