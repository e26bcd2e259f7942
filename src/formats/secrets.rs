//! `Secrets`: the keys of a framework that may have signed, so that a key can be changed while sessions live.

use crate::secret::Secret;
use ring::hmac;
use thiserror::Error;

/// At least one secret, none of them empty. Any of them may have signed; their order does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets(Vec<Secret<String>>);

/// With such secrets anybody could sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SecretsError {
    /// The list is empty.
    #[error("no secret is given, so nothing could be verified")]
    None,
    /// One of them is the empty text.
    #[error("a secret is empty, so anybody could sign with it")]
    Empty,
}

impl Secrets {
    /// Takes the secrets as the framework is given them; their bytes in UTF-8 are the keys.
    ///
    /// # Errors
    /// When there is none, or an empty one among them.
    pub fn new(secrets: Vec<Secret<String>>) -> Result<Self, SecretsError> {
        if secrets.is_empty() {
            return Err(SecretsError::None);
        }
        if secrets.iter().any(|secret| secret.expose().is_empty()) {
            return Err(SecretsError::Empty);
        }
        Ok(Self(secrets))
    }

    /// Whether one of them made this HMAC over the message, found out in a time that tells nothing about the HMAC.
    pub(super) fn have_signed(
        &self,
        algorithm: hmac::Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.keys().any(|key| {
            let key = hmac::Key::new(algorithm, key);
            hmac::verify(&key, message, signature).is_ok()
        })
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|secret| secret.expose().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{Secrets, SecretsError};
    use crate::secret::Secret;

    #[test]
    fn secrets_with_which_anybody_could_sign_are_refused() {
        let of = |texts: &[&str]| {
            Secrets::new(
                texts
                    .iter()
                    .map(|text| Secret::new((*text).to_owned()))
                    .collect(),
            )
        };
        assert_eq!(of(&[]), Err(SecretsError::None));
        assert_eq!(of(&["a", ""]), Err(SecretsError::Empty));
        assert_eq!(format!("{:?}", of(&["hunter2"])), "Ok(Secrets([***]))");
    }
}
