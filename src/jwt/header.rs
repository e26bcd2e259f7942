//! `Header`: the two members of a token's header that count, and those that refuse it (RFC 7515 §4.1, RFC 8725 §3).

use super::algorithm::{Algorithm, UnknownAlgorithm};
use super::object::read_object;
use crate::token::{Flaw, FlawKind};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The longest `kid`, in bytes.
const MAX_KEY_ID_BYTES: usize = 128;

/// Each changes what is signed or how it is read, and none is understood here (RFC 7515 §4.1.11, RFC 7797, RFC 7516).
const REFUSED: [(&str, &str); 4] = [
    ("crit", "its header has `crit`, no extension is understood"),
    ("b64", "its header has `b64`, the payload must be base64url"),
    ("zip", "its header has `zip`, compressed tokens are refused"),
    ("enc", "its header has `enc`, encrypted tokens are refused"),
];

/// How the token says it is signed. `jku`, `jwk`, `x5u` and `x5c` do not count: a token names no keys of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    /// Only ever compared with the names of our keys.
    pub(super) key_id: Option<String>,
}

impl Header {
    /// Reads the decoded header.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let mut members = read_object(bytes)
            .map_err(|fault| malformed(format!("its header {}", fault.as_str())))?;
        for (name, reason) in REFUSED {
            if members.contains_key(name) {
                return Err(malformed(reason));
            }
        }
        check_types(&members)?;
        let key_id = match members.remove("kid") {
            None => None,
            Some(Value::String(id)) if id.len() <= MAX_KEY_ID_BYTES => Some(id),
            Some(_) => return Err(malformed("its `kid` is not a string of 128 bytes at most")),
        };
        Ok(Self {
            algorithm: algorithm(&members)?,
            key_id,
        })
    }
}

fn algorithm(members: &Map<String, Value>) -> Result<Algorithm, Flaw> {
    let Some(Value::String(word)) = members.get("alg") else {
        return Err(malformed("its header has no `alg`"));
    };
    Algorithm::parse(word).map_err(|unknown| {
        let reason = match unknown {
            UnknownAlgorithm::Unsigned => "its `alg` is `none`",
            UnknownAlgorithm::Unsupported => "its `alg` is not supported",
            UnknownAlgorithm::Unknown => "its `alg` is not known",
        };
        Flaw::new(FlawKind::Signature, reason)
    })
}

/// A logout token or a DPoP proof is signed by the same keys and lets nobody in (RFC 8725 §3.11). What issuers put on
/// access and identity tokens is `JWT` (RFC 7519 §5.1), `at+jwt` (RFC 9068 §2.1) or nothing.
fn check_types(members: &Map<String, Value>) -> Result<(), Flaw> {
    let is_one_of = |name: &str, types: &[&str]| match members.get(name) {
        None => None,
        Some(Value::String(value)) => {
            let value = value.to_ascii_lowercase();
            // RFC 7515 §4.1.9: the prefix may be left out.
            let short = value.strip_prefix("application/").unwrap_or(&value);
            Some(types.contains(&short))
        }
        Some(_) => Some(false),
    };
    if is_one_of("typ", &["jwt", "at+jwt"]) == Some(false) {
        return Err(malformed("its `typ` is neither `JWT` nor `at+jwt`"));
    }
    if is_one_of("cty", &["json"]) == Some(false) {
        return Err(malformed("its `cty` says that its payload is not JSON"));
    }
    Ok(())
}

fn malformed(detail: impl Into<Cow<'static, str>>) -> Flaw {
    Flaw::new(FlawKind::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::Header;
    use crate::jwt::algorithm::Algorithm;
    use crate::token::FlawKind;

    #[test]
    fn an_algorithm_and_a_key_id_are_read_and_places_of_keys_are_not() {
        let longest = "k".repeat(128);
        let with_longest = format!(r#"{{"alg":"ES256","kid":"{longest}"}}"#);
        let cases = [
            (r#"{"alg":"ES256"}"#, None),
            (r#"{"alg":"ES256","typ":"JWT","kid":"a"}"#, Some("a")),
            (r#"{"alg":"ES256","typ":"jwt","kid":""}"#, Some("")),
            (r#"{"alg":"ES256","typ":"application/at+JWT"}"#, None),
            (r#"{"alg":"ES256","cty":"application/json"}"#, None),
            (
                r#"{"alg":"ES256","kid":"../../etc/passwd"}"#,
                Some("../../etc/passwd"),
            ),
            (
                r#"{"alg":"ES256","jku":"https://a","x5u":"https://a","x5c":[],"jwk":{"kty":"oct"}}"#,
                None,
            ),
            (&with_longest, Some(longest.as_str())),
        ];
        for (header, key_id) in cases {
            let expected = Header {
                algorithm: Algorithm::Es256,
                key_id: key_id.map(str::to_owned),
            };
            assert_eq!(Header::read(header.as_bytes()), Ok(expected), "{header}");
        }
    }

    #[test]
    fn a_header_that_asks_for_more_is_refused() {
        let too_long = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(129));
        let cases = [
            ("[]", FlawKind::Malformed),
            ("{}", FlawKind::Malformed),
            (r#"{"alg":"ES256","alg":"ES256"}"#, FlawKind::Malformed),
            (r#"{"alg":["ES256"]}"#, FlawKind::Malformed),
            (r#"{"alg":null}"#, FlawKind::Malformed),
            (r#"{"alg":"none"}"#, FlawKind::Signature),
            (r#"{"alg":"None"}"#, FlawKind::Signature),
            (r#"{"alg":""}"#, FlawKind::Signature),
            (r#"{"alg":"es256"}"#, FlawKind::Signature),
            (r#"{"alg":"ES512"}"#, FlawKind::Signature),
            (r#"{"alg":"ES256","crit":[]}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","crit":["exp"]}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","b64":true}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","zip":"DEF"}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","enc":"A128GCM"}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","cty":"JWT"}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","cty":1}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","typ":"logout+jwt"}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","typ":"dpop+jwt"}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","typ":null}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","kid":1}"#, FlawKind::Malformed),
            (r#"{"alg":"ES256","kid":["a"]}"#, FlawKind::Malformed),
            (&too_long, FlawKind::Malformed),
        ];
        for (header, expected) in cases {
            let flaw = Header::read(header.as_bytes()).expect_err(header);
            assert_eq!(flaw.kind, expected, "{header}");
        }
    }
}
