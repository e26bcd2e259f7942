//! `TokenDigest` and `Sid`: the digests by which everything names a token.

use ring::digest::{Context, SHA256, digest};
use std::fmt;

/// SHA-256 of the whole token. What the cache and the default store key are made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Digests the token's bytes as shown.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Digests a cookie that means something only under its name, and what signs it; no token holds the byte between
    /// them, so none alone has this digest.
    #[must_use]
    pub(super) fn of_cookie(name: &str, value: &str, signature: Option<&str>) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [name, " ", value, " ", signature.unwrap_or_default()] {
            context.update(part.as_bytes());
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// The 32 raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hex digits: the `{sha256}` of a store key.
    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }

    /// Reads what [`Self::to_hex`] writes; `None` for anything else, upper-case digits included.
    #[must_use]
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        read_hex(hex, &mut bytes).then_some(Self(bytes))
    }

    /// The name of the session in logs, metrics and the admin API.
    #[must_use]
    pub fn sid(&self) -> Sid {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        Sid([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenDigest({}…)", self.sid())
    }
}

/// The first 16 hex digits of the token's SHA-256 (design rule R13): names a session, opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid([u8; 8]);

impl Sid {
    /// Reads the 16 lower-case hex digits that name a session; `None` for anything else.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let (mut bytes, hex) = ([0; 8], hex.as_bytes());
        read_hex(hex, &mut bytes).then_some(Self(bytes))
    }

    /// As `Display` writes it, without the machinery of `fmt`: each lookup in a store spells it.
    #[must_use]
    pub fn to_hex(self) -> String {
        to_hex(&self.0)
    }

    /// The same 64 bits as a number.
    #[must_use]
    pub fn bits(self) -> u64 {
        u64::from_be_bytes(self.0)
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.bits())
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    hex::encode_to_slice(bytes, &mut digits).expect("there is room for two digits a byte");
    String::from_utf8(digits).expect("digits are ASCII")
}

/// Whether the digits fill the bytes and nothing else stands there.
fn read_hex(hex: &[u8], bytes: &mut [u8]) -> bool {
    hex.len() == 2 * bytes.len()
        && bytes
            .iter_mut()
            .zip(hex.chunks_exact(2))
            .all(|(byte, pair)| {
                let read = |&[high, low]: &[u8; 2]| Some(nibble(high)? << 4 | nibble(low)?);
                let value = pair.try_into().ok().and_then(read);
                value.map(|value| *byte = value).is_some()
            })
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TokenDigest;

    #[test]
    fn digest_is_sha256_in_hex_and_the_sid_its_head() {
        let digest = TokenDigest::of("abc");
        assert_eq!(
            digest.to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digest.sid().to_string(), "ba7816bf8f01cfea");
    }

    #[test]
    fn hex_reads_back_and_nothing_else_is_read() {
        let digest = TokenDigest::of("abc");
        let hex = digest.to_hex();
        assert_eq!(TokenDigest::from_hex(hex.as_bytes()), Some(digest));
        let upper = hex.to_uppercase();
        let odd = hex.replace('b', "g");
        let long = format!("{hex}00");
        for other in ["", "ba78", &hex[1..], &upper, &odd, &long] {
            assert_eq!(TokenDigest::from_hex(other.as_bytes()), None, "{other}");
        }
    }
}
