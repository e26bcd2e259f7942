//! Making tokens.

use super::credential::Credential;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SecureRandom;
use thiserror::Error;

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system gives no random bytes, so no token can be made")]
pub struct NoRandomness;

/// A token of 256 random bits: 43 characters of base64url, which every cookie and header carries as they are.
///
/// # Errors
/// When there is no randomness.
pub fn mint(random: &dyn SecureRandom) -> Result<Credential, NoRandomness> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(Credential::new(&URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::mint;
    use ring::rand::SystemRandom;

    #[test]
    fn a_token_is_43_characters_that_any_header_carries_and_never_the_same() {
        let random = SystemRandom::new();
        let (one, other) = (
            mint(&random).expect("random"),
            mint(&random).expect("random"),
        );
        assert_eq!(one.token().len(), 43);
        let carried = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(one.token().bytes().all(carried));
        assert_ne!(one.digest(), other.digest());
    }
}
