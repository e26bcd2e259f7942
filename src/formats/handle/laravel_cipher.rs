//! `LaravelCipher`: the four ciphers of `Illuminate\Encryption\Encrypter`, and their keys.

use crate::secret::Secret;
use aes::{Aes128, Aes256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use thiserror::Error;

/// `cipher` of the application's config/app.php.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LaravelCipher {
    /// AES-128-CBC and HMAC-SHA256; the key has 16 bytes.
    Aes128Cbc,
    /// AES-256-CBC and HMAC-SHA256, the default of Laravel; 32 bytes.
    #[default]
    Aes256Cbc,
    /// AES-128-GCM; 16 bytes.
    Aes128Gcm,
    /// AES-256-GCM; 32 bytes.
    Aes256Gcm,
}

/// The keys cannot be those of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LaravelKeyError {
    /// The list is empty.
    #[error("no APP_KEY is given, so no cookie could be opened")]
    None,
    /// What follows `base64:` is not base64.
    #[error("an APP_KEY begins with `base64:` and is not base64: copy all of it, the `=` too")]
    Base64,
    /// Laravel itself would not start with it.
    #[error("an APP_KEY has not the {0} bytes of the cipher: take both from config/app.php")]
    Length(usize),
}

impl LaravelCipher {
    /// Whether it needs no MAC beside it.
    pub(super) fn authenticates(self) -> bool {
        match self {
            Self::Aes128Cbc | Self::Aes256Cbc => false,
            Self::Aes128Gcm | Self::Aes256Gcm => true,
        }
    }

    /// Reads one `APP_KEY`.
    pub(super) fn key(self, app_key: &str) -> Result<Secret<Vec<u8>>, LaravelKeyError> {
        let key = match app_key.strip_prefix("base64:") {
            Some(text) => STANDARD.decode(text).map_err(|_| LaravelKeyError::Base64)?,
            None => app_key.as_bytes().to_vec(),
        };
        let (key, length) = (Secret::new(key), self.key_bytes());
        let fits = key.expose().len() == length;
        fits.then_some(key).ok_or(LaravelKeyError::Length(length))
    }

    /// `None` for whatever reason. Without authentication of its own the caller has checked the MAC.
    pub(super) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        mut value: Vec<u8>,
        tag: &[u8],
    ) -> Option<Vec<u8>> {
        match self {
            Self::Aes128Cbc => Decryptor::<Aes128>::new_from_slices(key, iv)
                .ok()?
                .decrypt_padded_vec::<Pkcs7>(&value)
                .ok(),
            Self::Aes256Cbc => Decryptor::<Aes256>::new_from_slices(key, iv)
                .ok()?
                .decrypt_padded_vec::<Pkcs7>(&value)
                .ok(),
            Self::Aes128Gcm => gcm(&AES_128_GCM, key, iv, &mut value, tag),
            Self::Aes256Gcm => gcm(&AES_256_GCM, key, iv, &mut value, tag),
        }
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }
}

fn gcm(
    algorithm: &'static Algorithm,
    key: &[u8],
    iv: &[u8],
    value: &mut Vec<u8>,
    tag: &[u8],
) -> Option<Vec<u8>> {
    // A part of a tag must not pass for a tag: ring takes the last 16 bytes, whosever they are.
    if tag.len() != algorithm.tag_len() {
        return None;
    }
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
    value.extend_from_slice(tag);
    let plain = key.open_in_place(nonce, Aad::empty(), value).ok()?;
    Some(plain.to_vec())
}
