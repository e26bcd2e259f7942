//! `Statuses`: what the status of an answer means.

use http::StatusCode;
use thiserror::Error;

/// Three meanings, never mixed up (design rule R7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The answer says whose session it is, or that it is none.
    Answer,
    /// The credential is not that of a session.
    Invalid,
    /// The service could not say.
    Error,
}

/// Why a status cannot be given a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StatusError {
    /// Informational, or no status at all.
    #[error("not the status of an answer: 200 to 599")]
    Range,
    /// Everybody would be logged out while the service is in trouble.
    #[error(
        "429 and what begins with 5 say that the service is in trouble, never that a credential is invalid"
    )]
    Trouble,
    /// Nothing says whose session it would be.
    #[error("only an answer that begins with 2 says whose session it is")]
    NoAnswer,
}

/// What is said by default, and what the file says instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statuses {
    changed: Vec<(u16, Meaning)>,
}

impl Statuses {
    /// Gives a status another meaning.
    ///
    /// # Errors
    /// When it can have no such meaning.
    pub fn set(&mut self, status: u16, meaning: Meaning) -> Result<(), StatusError> {
        let fault = match (status, meaning) {
            (..200 | 600.., _) => Some(StatusError::Range),
            (429 | 500.., Meaning::Invalid) => Some(StatusError::Trouble),
            (300.., Meaning::Answer) => Some(StatusError::NoAnswer),
            _ => None,
        };
        if let Some(fault) = fault {
            return Err(fault);
        }
        self.changed.retain(|(known, _)| *known != status);
        self.changed.push((status, meaning));
        Ok(())
    }

    /// What the file says, in its order.
    pub fn changed(&self) -> impl Iterator<Item = (u16, Meaning)> {
        self.changed.iter().copied()
    }

    /// What a status means. One that is not known is an error: nobody is logged out by a status that nobody expected.
    #[must_use]
    pub fn meaning(&self, status: StatusCode) -> Meaning {
        let status = status.as_u16();
        let changed = self.changed.iter().find(|(known, _)| *known == status);
        changed.map_or_else(|| by_default(status), |(_, meaning)| *meaning)
    }
}

fn by_default(status: u16) -> Meaning {
    match status {
        200 | 204 => Meaning::Answer,
        401 | 403 | 404 => Meaning::Invalid,
        _ => Meaning::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, StatusError, Statuses};
    use http::StatusCode;

    fn meaning(statuses: &Statuses, status: u16) -> Meaning {
        statuses.meaning(StatusCode::from_u16(status).expect("a status"))
    }

    #[test]
    fn trouble_is_never_an_invalid_session() {
        let statuses = Statuses::default();
        for status in [200, 204] {
            assert_eq!(meaning(&statuses, status), Meaning::Answer, "{status}");
        }
        for status in [401, 403, 404] {
            assert_eq!(meaning(&statuses, status), Meaning::Invalid, "{status}");
        }
        for status in [
            201, 206, 301, 302, 304, 400, 402, 405, 407, 408, 410, 418, 429, 500, 502, 503, 504,
            599,
        ] {
            assert_eq!(meaning(&statuses, status), Meaning::Error, "{status}");
        }
    }

    #[test]
    fn a_status_can_be_given_another_meaning_within_reason() {
        let mut statuses = Statuses::default();
        assert_eq!(statuses.set(302, Meaning::Invalid), Ok(()));
        assert_eq!(statuses.set(403, Meaning::Invalid), Ok(()));
        assert_eq!(statuses.set(403, Meaning::Error), Ok(()));
        assert_eq!(statuses.set(202, Meaning::Answer), Ok(()));
        assert_eq!(meaning(&statuses, 302), Meaning::Invalid);
        assert_eq!(meaning(&statuses, 403), Meaning::Error);
        assert_eq!(meaning(&statuses, 202), Meaning::Answer);
        for (status, meaning, fault) in [
            (100, Meaning::Invalid, StatusError::Range),
            (600, Meaning::Error, StatusError::Range),
            (429, Meaning::Invalid, StatusError::Trouble),
            (503, Meaning::Invalid, StatusError::Trouble),
            (401, Meaning::Answer, StatusError::NoAnswer),
            (302, Meaning::Answer, StatusError::NoAnswer),
        ] {
            assert_eq!(statuses.set(status, meaning), Err(fault), "{status}");
        }
    }
}
