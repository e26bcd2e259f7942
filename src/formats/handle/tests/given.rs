//! The settings and fixtures that the tests share.

use crate::formats::handle::{
    Authenticate, Decode, Handle, ItsDangerous, KeyDerivation, Laravel, LaravelCipher,
};
use crate::formats::hmac_digest::HmacDigest;
use crate::formats::secrets::Secrets;
use crate::secret::Secret;
use crate::token::FlawKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The settings of a case with these secrets.
pub(super) type Opener = Box<dyn Fn(&[&str]) -> Handle>;

/// A case of a fixture: how it is opened with these secrets, what was shown, and the id.
pub(super) struct Case {
    pub(super) handle: Opener,
    pub(super) secret: String,
    pub(super) shown: String,
    pub(super) id: String,
}

pub(super) fn secrets(texts: &[&str]) -> Secrets {
    Secrets::new(owned(texts)).expect("some, none empty")
}

pub(super) fn owned(texts: &[&str]) -> Vec<Secret<String>> {
    texts
        .iter()
        .map(|text| Secret::new((*text).to_owned()))
        .collect()
}

pub(super) fn express(texts: &[&str]) -> Handle {
    from_percent(Authenticate::Express(secrets(texts)))
}

pub(super) fn better_auth(texts: &[&str]) -> Handle {
    from_percent(Authenticate::SignedValue(secrets(texts)))
}

pub(super) fn signed_flask_session(texts: &[&str]) -> Handle {
    Handle {
        authenticate: Authenticate::ItsDangerous(ItsDangerous::flask_session(secrets(texts))),
        ..Handle::default()
    }
}

pub(super) fn spring_session() -> Handle {
    Handle {
        decode: vec![Decode::Base64],
        ..Handle::default()
    }
}

fn from_percent(authenticate: Authenticate) -> Handle {
    Handle {
        decode: vec![Decode::Percent],
        authenticate,
        ..Handle::default()
    }
}

pub(super) fn laravel(cipher: LaravelCipher, keys: &[&str], cookie: &str) -> Handle {
    let encrypter = Laravel::new(cipher, &owned(keys), cookie).expect("keys of the cipher");
    from_percent(Authenticate::Laravel(encrypter))
}

pub(super) fn text<'v>(case: &'v Value, member: &str) -> &'v str {
    case[member].as_str().expect("a text")
}

pub(super) fn cipher(case: &Value) -> LaravelCipher {
    match text(case, "cipher") {
        "AES-128-CBC" => LaravelCipher::Aes128Cbc,
        "AES-256-CBC" => LaravelCipher::Aes256Cbc,
        "AES-128-GCM" => LaravelCipher::Aes128Gcm,
        "AES-256-GCM" => LaravelCipher::Aes256Gcm,
        other => panic!("{other} is no cipher of Laravel"),
    }
}

pub(super) fn signer(case: &Value) -> Opener {
    let key_derivation = match text(case, "derivation") {
        "hmac" => KeyDerivation::Hmac,
        "django-concat" => KeyDerivation::DjangoConcat,
        other => panic!("{other} is not read"),
    };
    let digest = match text(case, "digest") {
        "sha1" => HmacDigest::Sha1,
        "sha256" => HmacDigest::Sha256,
        "sha512" => HmacDigest::Sha512,
        other => panic!("{other} is not read"),
    };
    let salt = text(case, "salt").to_owned();
    if salt == "flask-session" {
        return Box::new(signed_flask_session);
    }
    Box::new(move |texts| Handle {
        authenticate: Authenticate::ItsDangerous(ItsDangerous {
            secrets: secrets(texts),
            salt: salt.clone(),
            key_derivation,
            digest,
        }),
        ..Handle::default()
    })
}

pub(super) fn opener(file: &str, case: &Value) -> Opener {
    match file {
        "express" => Box::new(express),
        "better_auth" => Box::new(better_auth),
        "flask" => signer(case),
        _ => {
            let (cipher, cookie) = (cipher(case), text(case, "cookie").to_owned());
            Box::new(move |keys| laravel(cipher, keys, &cookie))
        }
    }
}

/// Every case of every fixture.
pub(super) fn real() -> Vec<Case> {
    let files = [
        (
            "express",
            include_str!("../../../../tests/fixtures/handles/express_session.json"),
        ),
        (
            "better_auth",
            include_str!("../../../../tests/fixtures/handles/better_auth.json"),
        ),
        (
            "flask",
            include_str!("../../../../tests/fixtures/handles/flask_session.json"),
        ),
        (
            "laravel",
            include_str!("../../../../tests/fixtures/handles/laravel.json"),
        ),
    ];
    let mut cases = Vec::new();
    for (file, fixture) in files {
        let listed: Vec<Value> = serde_json::from_str(fixture).expect("a list");
        cases.extend(listed.iter().map(|case| {
            Case {
                handle: opener(file, case),
                secret: case["secret"]
                    .as_str()
                    .unwrap_or_else(|| text(case, "app_key"))
                    .to_owned(),
                shown: text(case, "shown").to_owned(),
                id: text(case, "id").to_owned(),
            }
        }));
    }
    assert!(cases.len() > 35, "{} cases", cases.len());
    cases
}

/// A secret of the same kind that signed nothing.
pub(super) fn other_than(secret: &str) -> String {
    let key = |bytes: usize| format!("base64:{}", base64_of(&vec![7; bytes]));
    match secret.strip_prefix("base64:") {
        Some(text) if text.len() > 24 => key(32),
        Some(_) => key(16),
        None => "a secret that signed nothing".to_owned(),
    }
}

pub(super) fn base64_of(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn opened(handle: &Handle, shown: &str) -> Result<String, FlawKind> {
    let id = handle.open(shown).map_err(|flaw| flaw.kind)?;
    Ok(id.expose().clone())
}
