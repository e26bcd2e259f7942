//! `follow`: from a credential to the record that it names.

use super::candidate::{Candidate, SecretsAtHand, format_of};
use super::shown::Shown;
use crate::formats::handle::{Authenticate, Handle};
use crate::store::{LookupError, Onlooker, Sight, StoreError, StoreSettings};
use crate::token::Credential;

/// What a credential leads to.
pub(super) struct Followed {
    /// The candidate whose record it is, by its place in the list.
    pub(super) candidate: usize,
    pub(super) signature: Signature,
    /// What the record is, in a few words.
    pub(super) record: String,
    /// The user: shown only if it is asked for.
    pub(super) user: Option<String>,
}

/// What is known of the credential's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// Such credentials have none.
    None,
    /// One of the secrets made it.
    Checked,
    /// There is no secret to check it with.
    Unchecked,
    /// The secrets that were given cannot be of this framework.
    Unusable(String),
    /// None of the secrets made it, or it is not of this form.
    Refused(String),
}

impl Signature {
    /// For programs.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Checked => "checked",
            Self::Unchecked | Self::Unusable(_) => "unchecked",
            Self::Refused(_) => "refused",
        }
    }

    /// For people.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::None => "it is not signed".to_owned(),
            Self::Checked => "one of the secrets has signed it".to_owned(),
            Self::Unchecked => {
                "its signature was not checked: name the variable that holds the application's secret with --secret-env"
                    .to_owned()
            }
            Self::Unusable(fault) => format!("its signature was not checked: {fault}"),
            Self::Refused(fault) => format!("it would be refused: {fault}"),
        }
    }
}

/// Looks under the keys of every candidate.
///
/// # Errors
/// When the server could not say.
pub(super) async fn follow(
    onlooker: &mut Onlooker,
    value: &str,
    shown: &Shown,
    candidates: &[Candidate],
) -> Result<Option<Followed>, StoreError> {
    for (at, candidate) in candidates.iter().enumerate() {
        let StoreSettings::Redis(redis) = &candidate.source.store else {
            continue;
        };
        let (signature, proved) = opened(redis.format.handle(), value, &candidate.secrets);
        let ids = proved.as_ref().map_or(&shown.ids[..], std::slice::from_ref);
        let keys = ids.iter().map(|id| [&candidate.head, id.as_str()].concat());
        let keys: Vec<String> = keys.collect();
        let seen = onlooker.look(&keys).await?;
        let found = seen.into_iter().find_map(|glimpse| match glimpse.sight {
            Sight::Record(record) => Some(record),
            _ => None,
        });
        let Some(record) = found else {
            continue;
        };
        let digest = Credential::new(value).digest();
        let read = format_of(&candidate.source).map(|format| format.read(&record, digest));
        let (record, user) = match read {
            Some(Ok(session)) => ("the session of a user".to_owned(), Some(session.user_id)),
            Some(Err(LookupError::Without(none))) => (none.to_string(), None),
            Some(Err(fault)) => (format!("it cannot be used: {fault}"), None),
            None => continue,
        };
        return Ok(Some(Followed {
            candidate: at,
            signature,
            record,
            user,
        }));
    }
    Ok(None)
}

/// The keys under which a framework would keep it that was told nothing, so that one record in a million is found.
pub(super) fn usual_keys<'a>(shown: &Shown, heads: impl Iterator<Item = &'a str>) -> Vec<String> {
    let keys = heads.flat_map(|head| shown.ids.iter().map(move |id| [head, id.as_str()].concat()));
    keys.collect()
}

fn opened(
    handle: Option<&Handle>,
    value: &str,
    secrets: &SecretsAtHand,
) -> (Signature, Option<String>) {
    let Some(handle) = handle else {
        return (Signature::None, None);
    };
    let is_signed = handle.authenticate != Authenticate::None;
    match secrets {
        SecretsAtHand::Missing if is_signed => return (Signature::Unchecked, None),
        SecretsAtHand::Unusable(fault) => return (Signature::Unusable(fault.clone()), None),
        SecretsAtHand::Given | SecretsAtHand::Missing => {}
    }
    match handle.open(value) {
        Ok(id) if is_signed => (Signature::Checked, Some(id.expose().clone())),
        Ok(id) => (Signature::None, Some(id.expose().clone())),
        Err(flaw) => (Signature::Refused(flaw.to_string()), None),
    }
}
