//! `new_key`: a key that signs the demo's assertions and is gone with it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use std::io;

/// As `openssl genpkey` writes it.
///
/// # Errors
/// When the system has no randomness.
pub(super) fn new_key() -> io::Result<String> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
        .map_err(|_| io::Error::other("no randomness for a key"))?;
    let text = STANDARD.encode(key);
    Ok(format!(
        "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
    ))
}
