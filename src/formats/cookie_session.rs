//! `CookieSession`: the sessions that the npm package cookie-session keeps in the cookie itself (seed 001).

use super::hmac_digest::HmacDigest;
use super::secrets::Secrets;
use crate::strict_json;
use crate::token::{Flaw, FlawKind};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// What proves that the application wrote the cookie (research/features.md A.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieSession {
    /// The cookie `<name>.sig`, which the package keygrip makes: an HMAC over `<name>=<value>`, in base64url without `=`.
    Signed {
        /// `keys`, or the one `secret`.
        keys: Secrets,
        /// SHA-1 unless the application gives a Keygrip of its own.
        digest: HmacDigest,
    },
    /// Nothing (`signed: false`): whoever reads the session has to prove what it holds, as a signed JWT proves itself.
    Unsigned,
}

impl CookieSession {
    /// The session, a JSON object. `value` is the cookie's as it was shown; `signature` is that of `<name>.sig`, and is
    /// not looked at where the settings ask for none.
    ///
    /// # Errors
    /// `Signature` where no key has signed this value under this name, `Malformed` where the value is not base64 of one
    /// JSON object, repeats a member, or is longer than 4 KiB, which no browser keeps.
    pub fn open(&self, name: &str, value: &str, signature: Option<&str>) -> Result<Value, Flaw> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(malformed("the session is longer than 4 KiB"));
        }
        if let Self::Signed { keys, digest } = self {
            let signed = format!("{name}={value}");
            verify(keys, *digest, signed.as_bytes(), signature)?;
        }
        let json = from_base64(value).ok_or_else(|| malformed("the session is not base64"))?;
        match strict_json::parse(&json) {
            Ok(session @ Value::Object(_)) => Ok(session),
            Ok(_) => Err(malformed("the session is not a JSON object")),
            Err(_) => Err(malformed("the session is not JSON, or repeats a member")),
        }
    }
}

/// The text at a path of members, such as `jwt`; `None` where something on the way is absent, or no object, or the end of
/// it no text.
#[must_use]
pub fn member<'s>(session: &'s Value, path: &[String]) -> Option<&'s str> {
    path.iter()
        .try_fold(session, |value, name| value.as_object()?.get(name))?
        .as_str()
}

fn verify(
    keys: &Secrets,
    digest: HmacDigest,
    signed: &[u8],
    signature: Option<&str>,
) -> Result<(), Flaw> {
    let refused = |detail| Flaw::new(FlawKind::Signature, detail);
    let shown = signature.ok_or_else(|| refused("the cookie `.sig` is not there"))?;
    let is_signed = URL_SAFE_NO_PAD
        .decode(shown)
        .is_ok_and(|signature| keys.have_signed(digest.hmac(), signed, &signature));
    let detail = "none of the configured keys has signed the cookie under its name";
    is_signed.then_some(()).ok_or_else(|| refused(detail))
}

/// Node reads both alphabets, with and without `=`; unlike Node this passes over nothing that is neither.
fn from_base64(value: &str) -> Option<Vec<u8>> {
    let either =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = value.replace('-', "+").replace('_', "/");
    GeneralPurpose::new(&STANDARD, either).decode(standard).ok()
}

fn malformed(detail: &'static str) -> Flaw {
    Flaw::new(FlawKind::Malformed, detail)
}

const MAX_VALUE_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::{CookieSession, member};
    use crate::formats::hmac_digest::HmacDigest::{self, Sha1, Sha256, Sha512};
    use crate::formats::secrets::Secrets;
    use crate::secret::Secret;
    use crate::token::FlawKind::{self, Malformed, Signature};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn signed(keys: &[&str], digest: HmacDigest) -> CookieSession {
        let keys = keys.iter().map(|key| Secret::new((*key).to_owned()));
        let keys = Secrets::new(keys.collect()).expect("some, none empty");
        CookieSession::Signed { keys, digest }
    }

    fn opened(
        settings: &CookieSession,
        name: &str,
        value: &str,
        signature: Option<&str>,
    ) -> Result<Value, FlawKind> {
        settings
            .open(name, value, signature)
            .map_err(|flaw| flaw.kind)
    }

    const VALUE: &str = "eyJqd3QiOiJoLnAucyJ9";
    const BY_KEY1: &str = "t5AeLc99Bh0RUBDOdXFYhLjnQXk";
    const BY_KEY2: &str = "E-9HxTXNoKrut0u6le62vAxKJlo";

    #[test]
    fn any_key_of_the_list_may_have_signed_and_one_that_is_gone_may_not() {
        let (both, second) = (signed(&["key1", "key2"], Sha1), signed(&["key2"], Sha1));
        let session = Ok(json!({"jwt": "h.p.s"}));
        let cases = [
            (&both, "session", Some(BY_KEY1), session.clone()),
            (&both, "session", Some(BY_KEY2), session.clone()),
            (&second, "session", Some(BY_KEY2), session.clone()),
            (&second, "session", Some(BY_KEY1), Err(Signature)),
            (&both, "other", Some(BY_KEY1), Err(Signature)),
            (&both, "session", Some(""), Err(Signature)),
            (&both, "session", None, Err(Signature)),
            (
                &signed(&["key1"], Sha256),
                "session",
                Some(BY_KEY1),
                Err(Signature),
            ),
            (&CookieSession::Unsigned, "session", None, session.clone()),
            (&CookieSession::Unsigned, "session", Some("other"), session),
        ];
        for (settings, name, signature, expected) in cases {
            let found = opened(settings, name, VALUE, signature);
            assert_eq!(found, expected, "{settings:?} {name} {signature:?}");
        }
    }

    #[test]
    fn sessions_that_the_package_wrote_are_read_and_no_character_of_them_can_be_changed() {
        let fixture = include_str!("../../tests/fixtures/handles/cookie_session.json");
        let cases: Vec<Value> = serde_json::from_str(fixture).expect("a list");
        assert_eq!(cases.len(), 9);
        for case in &cases {
            let text = |member: &str| case[member].as_str().expect("a text");
            let digest = match text("digest") {
                "sha1" => Sha1,
                "sha256" => Sha256,
                _ => Sha512,
            };
            let settings = signed(&["other", text("key")], digest);
            let (name, value, signature) = (text("name"), text("value"), text("signature"));
            let found = opened(&settings, name, value, Some(signature));
            assert_eq!(found.as_ref(), Ok(&case["body"]));
            for changed in changes(value) {
                let found = opened(&settings, name, &changed, Some(signature));
                assert_eq!(found, Err(Signature), "{changed}");
            }
            for changed in changes(signature) {
                let found = opened(&settings, name, value, Some(&changed));
                assert_eq!(found, Err(Signature), "{changed}");
            }
        }
    }

    /// Each character changed, taken out and doubled, and the text cut there.
    fn changes(text: &str) -> impl Iterator<Item = String> {
        let parts = (0..text.len()).map(|at| (&text[..at], &text[at..at + 1], &text[at + 1..]));
        parts
            .flat_map(move |(before, one, after)| {
                let other = if one == "A" { "B" } else { "A" };
                [
                    format!("{before}{other}{after}"),
                    format!("{before}={after}"),
                    format!("{before}{after}"),
                    format!("{before}{one}{one}{after}"),
                    before.to_owned(),
                ]
            })
            .filter(move |changed| changed != text)
    }

    #[test]
    fn only_base64_of_one_json_object_is_a_session() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(40), "}".repeat(40));
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(4000));
        let bodies: [(&[u8], Result<Value, FlawKind>); 11] = [
            (b"{}", Ok(json!({}))),
            (
                "{\"a\":\"\u{ff}\u{2713}\"}".as_bytes(),
                Ok(json!({"a": "\u{ff}\u{2713}"})),
            ),
            (b"", Err(Malformed)),
            (b"[]", Err(Malformed)),
            (b"\"jwt\"", Err(Malformed)),
            (b"null", Err(Malformed)),
            (b"{} {}", Err(Malformed)),
            (br#"{"a":1,"a":2}"#, Err(Malformed)),
            (b"{\"a\":\"\xff\"}", Err(Malformed)),
            (deep.as_bytes(), Err(Malformed)),
            (long.as_bytes(), Err(Malformed)),
        ];
        for (body, expected) in bodies {
            let value = STANDARD.encode(body);
            let found = opened(&CookieSession::Unsigned, "session", &value, None);
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn both_alphabets_are_read_and_nothing_else() {
        let session = json!({"a": ">>>???"});
        let cases = [
            ("eyJhIjoiPj4+Pz8/In0=", Ok(session.clone())),
            ("eyJhIjoiPj4-Pz8_In0", Ok(session.clone())),
            ("eyJhIjoiPj4+Pz8_In0", Ok(session)),
            ("eyJhIjoiPj4+Pz8/In0==", Err(Malformed)),
            ("eyJhIjoiPj4+Pz8/In1=", Err(Malformed)),
            ("eyJhIjoiPj4+Pz8/In0= ", Err(Malformed)),
            ("eyJh%49joiPj4+Pz8/In0=", Err(Malformed)),
            ("{}", Err(Malformed)),
        ];
        for (value, expected) in cases {
            let found = opened(&CookieSession::Unsigned, "session", value, None);
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn a_member_is_found_by_its_path() {
        let session = json!({"jwt": "h.p.s", "auth": {"jwt": "inner", "n": 1, "list": ["x"]}});
        let cases: [(&[&str], Option<&str>); 7] = [
            (&["jwt"], Some("h.p.s")),
            (&["auth", "jwt"], Some("inner")),
            (&["auth", "n"], None),
            (&["auth", "list", "0"], None),
            (&["jwt", "x"], None),
            (&["absent"], None),
            (&[], None),
        ];
        for (path, expected) in cases {
            let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(member(&session, &path), expected, "{path:?}");
        }
    }

    #[test]
    fn debug_and_refusals_show_no_key_and_no_session() {
        let settings = signed(&["hunter2"], Sha1);
        assert!(!format!("{settings:?}").contains("hunter2"));
        let flaw = settings
            .open("session", VALUE, Some(BY_KEY1))
            .expect_err("another key");
        assert!(
            !flaw.to_string().contains(&VALUE[..8]) && !flaw.to_string().contains(&BY_KEY1[..8])
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_shown_panics(
            name in "\\PC{0,9}",
            value in "(\\PC|[A-Za-z0-9+/=_-]){0,60}",
            body in "(\\PC|[{}\\[\\]\":,0-9]){0,40}",
            signature in prop::option::of("[A-Za-z0-9_-]{0,30}"),
        ) {
            for value in [value, STANDARD.encode(body)] {
                let found = opened(&signed(&["key"], Sha1), &name, &value, signature.as_deref());
                prop_assert_eq!(found, Err(Signature));
                if let Ok(session) = opened(&CookieSession::Unsigned, &name, &value, None) {
                    prop_assert!(session.is_object());
                }
            }
        }
    }
}
