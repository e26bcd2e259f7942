//! `ItsDangerous`: the `Signer` of the Python package itsdangerous, with which Flask-Session can sign a session's id.

use super::signed_value::{SignedValue, forged};
use crate::formats::hmac_digest::HmacDigest;
use crate::formats::secrets::Secrets;
use crate::token::Flaw;
use ring::{digest, hmac};

/// The arguments of a `Signer`; the separator is its default, a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItsDangerous {
    /// `secret_key`; of Flask the `SECRET_KEY` and its `SECRET_KEY_FALLBACKS`.
    pub secrets: Secrets,
    /// `salt`: tells signatures for one purpose from those for another. Flask-Session's is `flask-session`.
    pub salt: String,
    /// `key_derivation`.
    pub key_derivation: KeyDerivation,
    /// `digest_method`, for the derivation and for the signature.
    pub digest: HmacDigest,
}

/// How the key that signs is made of the secret and the salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDerivation {
    /// `hmac`: the salt's HMAC under the secret, as Flask-Session does.
    Hmac,
    /// `django-concat`: the hash of salt, `signer` and secret, which is the package's default.
    DjangoConcat,
}

impl ItsDangerous {
    /// What Flask-Session signs with.
    #[must_use]
    pub fn flask_session(secrets: Secrets) -> Self {
        Self {
            secrets,
            salt: "flask-session".to_owned(),
            key_derivation: KeyDerivation::Hmac,
            digest: HmacDigest::Sha1,
        }
    }

    pub(super) fn open<'h>(&self, handle: &'h [u8]) -> Result<&'h [u8], Flaw> {
        let signed = SignedValue::for_urls(handle)?;
        let is_signed = self.secrets.keys().any(|secret| {
            let key = self.key(secret);
            hmac::verify(&key, signed.value, &signed.signature).is_ok()
        });
        is_signed.then_some(signed.value).ok_or_else(forged)
    }

    fn key(&self, secret: &[u8]) -> hmac::Key {
        let algorithm = self.digest.hmac();
        match self.key_derivation {
            KeyDerivation::Hmac => {
                let outer = hmac::Key::new(algorithm, secret);
                hmac::Key::new(algorithm, hmac::sign(&outer, self.salt.as_bytes()).as_ref())
            }
            KeyDerivation::DjangoConcat => {
                let mut hash = digest::Context::new(self.digest.hash());
                hash.update(self.salt.as_bytes());
                hash.update(b"signer");
                hash.update(secret);
                hmac::Key::new(algorithm, hash.finish().as_ref())
            }
        }
    }
}
