//! `Laravel`: the cookies that Laravel's `EncryptCookies` writes (`Illuminate\Encryption\Encrypter`).

use super::laravel_cipher::{LaravelCipher, LaravelKeyError};
use super::lower_hex::lower_hex;
use crate::secret::Secret;
use crate::token::{Flaw, FlawKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::Deserialize;

/// What opens the cookies of one name. The cipher is the application's, never one that the cookie asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laravel {
    cipher: LaravelCipher,
    keys: Vec<Secret<Vec<u8>>>,
    cookie: String,
}

impl Laravel {
    /// `app_keys` are `APP_KEY` and `APP_PREVIOUS_KEYS` as they stand in the application's `.env`: `base64:…`, or the
    /// key's bytes as they are. `cookie` is the cookie's name, to which Laravel binds its value.
    ///
    /// # Errors
    /// When there is no key, or one that Laravel would refuse.
    pub fn new(
        cipher: LaravelCipher,
        app_keys: &[Secret<String>],
        cookie: &str,
    ) -> Result<Self, LaravelKeyError> {
        if app_keys.is_empty() {
            return Err(LaravelKeyError::None);
        }
        let keys: Result<_, _> = app_keys
            .iter()
            .map(|key| cipher.key(key.expose()))
            .collect();
        Ok(Self {
            cipher,
            keys: keys?,
            cookie: cookie.to_owned(),
        })
    }

    /// The value that the application gave the cookie. Past its shape a cookie is refused for one reason alone, so that
    /// nobody learns from refusals how a guess was wrong.
    pub(super) fn open(&self, handle: &[u8]) -> Result<Vec<u8>, Flaw> {
        let detail = "the handle is not an envelope of Laravel: base64 of JSON with iv, value, mac";
        let envelope =
            Envelope::read(handle).ok_or_else(|| Flaw::new(FlawKind::Malformed, detail))?;
        let detail = "none of the configured keys has encrypted the handle for this cookie";
        self.keys
            .iter()
            .find_map(|key| {
                let plain = envelope.decrypt(self.cipher, key.expose())?;
                self.value(key.expose(), &plain)
            })
            .ok_or_else(|| Flaw::new(FlawKind::Signature, detail))
    }

    /// Takes `CookieValuePrefix` off: the HMAC-SHA1 of the cookie's name and `v2` in hex, and a bar. Without it the
    /// value of another cookie, which the user may choose, could be shown as this one.
    fn value(&self, key: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let (prefix, value) = plain.split_at_checked(40)?;
        let bound = format!("{}v2", self.cookie);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        hmac::verify(&key, bound.as_bytes(), &lower_hex(prefix)?).ok()?;
        value.strip_prefix(b"|").map(<[u8]>::to_vec)
    }
}

/// The JSON in the cookie; all in base64 but the MAC, which is in hex.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    iv: String,
    value: String,
    /// Empty where the cipher authenticates by itself.
    mac: String,
    /// Empty where it does not; older versions of Laravel leave it out.
    #[serde(default)]
    tag: String,
}

impl Envelope {
    fn read(handle: &[u8]) -> Option<Self> {
        let json = STANDARD.decode(handle).ok()?;
        serde_json::from_slice(&json).ok()
    }

    fn decrypt(&self, cipher: LaravelCipher, key: &[u8]) -> Option<Vec<u8>> {
        let other_is_absent = match cipher.authenticates() {
            true => self.mac.is_empty(),
            false => self.tag.is_empty() && self.has_mac_of(key),
        };
        if !other_is_absent {
            return None;
        }
        let bytes = |text: &str| STANDARD.decode(text).ok();
        let (iv, value, tag) = (bytes(&self.iv)?, bytes(&self.value)?, bytes(&self.tag)?);
        cipher.decrypt(key, &iv, value, &tag)
    }

    /// The MAC is over the text as it was sent, and is checked before anything of it is decrypted.
    fn has_mac_of(&self, key: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let signed = [self.iv.as_bytes(), self.value.as_bytes()].concat();
        lower_hex(self.mac.as_bytes()).is_some_and(|mac| hmac::verify(&key, &signed, &mac).is_ok())
    }
}
