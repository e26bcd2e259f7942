//! Hex as PHP writes it.

/// The bytes, unless it is not hex or has a letter in upper case, which no signer writes.
pub(super) fn lower_hex(text: &[u8]) -> Option<Vec<u8>> {
    let is_lower = !text.iter().any(u8::is_ascii_uppercase);
    is_lower.then(|| hex::decode(text).ok()).flatten()
}
