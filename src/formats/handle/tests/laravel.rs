//! What binds a cookie of Laravel, and what an envelope of ours may hold.

use super::given::{base64_of, cipher, laravel, opened, owned, text};
use crate::formats::handle::{Laravel, LaravelCipher, LaravelKeyError};
use crate::token::FlawKind::{Malformed, Signature};
use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Encryptor;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use ring::hmac;
use serde_json::Value;

#[test]
fn a_cookie_of_laravel_counts_for_its_own_name_and_with_the_application_s_cipher_alone() {
    for case in &real_cookies() {
        let (shown, key) = (text(case, "shown"), text(case, "app_key"));
        let other_name = laravel(cipher(case), &[key], "theme");
        assert_eq!(opened(&other_name, shown), Err(Signature), "{case}");
        let other_cipher = match cipher(case) {
            LaravelCipher::Aes128Cbc => LaravelCipher::Aes128Gcm,
            LaravelCipher::Aes256Cbc => LaravelCipher::Aes256Gcm,
            LaravelCipher::Aes128Gcm => LaravelCipher::Aes128Cbc,
            LaravelCipher::Aes256Gcm => LaravelCipher::Aes256Cbc,
        };
        let other_cipher = laravel(other_cipher, &[key], text(case, "cookie"));
        assert_eq!(opened(&other_cipher, shown), Err(Signature), "{case}");
    }
}

/// A MAC covers no tag, and with a tag there is no MAC: each envelope has the one proof of its cipher.
#[test]
fn an_envelope_has_the_proof_of_its_cipher_and_no_other() {
    for case in &real_cookies() {
        let handle = laravel(cipher(case), &[text(case, "app_key")], text(case, "cookie"));
        let envelope = envelope_in(text(case, "shown"));
        let refused = |member: &str, other: String| {
            let mut changed = envelope.clone();
            changed[member] = Value::String(other);
            let shown = base64_of(changed.to_string().as_bytes());
            assert_eq!(
                opened(&handle, &shown),
                Err(Signature),
                "{member} of {case}"
            );
        };
        let same = base64_of(envelope.to_string().as_bytes());
        assert_eq!(opened(&handle, &same), Ok(text(case, "id").to_owned()));
        let (value, tag) = (text(&envelope, "value"), text(&envelope, "tag"));
        if tag.is_empty() {
            refused("tag", base64_of(&[0; 16]));
            refused("mac", text(&envelope, "mac").to_uppercase());
            refused("mac", String::new());
            continue;
        }
        refused("mac", "0".repeat(64));
        refused("tag", String::new());
        let bytes = |text: &str| STANDARD.decode(text).expect("base64");
        let (value, tag) = (bytes(value), bytes(tag));
        refused("tag", base64_of(&tag[..15]));
        let mut moved = envelope.clone();
        moved["tag"] = Value::String(String::new());
        moved["value"] = Value::String(base64_of(&[value, tag].concat()));
        let shown = base64_of(moved.to_string().as_bytes());
        assert_eq!(
            opened(&handle, &shown),
            Err(Signature),
            "a tag in the value of {case}"
        );
    }
}

fn real_cookies() -> Vec<Value> {
    let fixture = include_str!("../../../../tests/fixtures/handles/laravel.json");
    serde_json::from_str(fixture).expect("a list")
}

fn envelope_in(shown: &str) -> Value {
    let json = STANDARD.decode(shown.replace("%3D", "=")).expect("base64");
    serde_json::from_slice(&json).expect("an envelope")
}

/// The prefix of A.9, in an envelope whose MAC is right: what is inside decides, and every refusal reads the same.
#[test]
fn a_right_mac_does_not_make_up_for_what_is_inside() {
    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const PREFIX: &str = "502fe6a0af0bde61b4bc3b9227006d26ab0fc746|";
    let iv = [9; 16];
    let encryptor = || Encryptor::<Aes256>::new_from_slices(KEY.as_bytes(), &iv).expect("lengths");
    let padded = |plain: &str| encryptor().encrypt_padded_vec::<Pkcs7>(plain.as_bytes());
    let envelope = |value: &[u8]| {
        let (iv, value) = (base64_of(&iv), base64_of(value));
        let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
        let mac = hex::encode(hmac::sign(&key, format!("{iv}{value}").as_bytes()));
        base64_of(format!(r#"{{"iv":"{iv}","value":"{value}","mac":"{mac}"}}"#).as_bytes())
    };
    let handle = laravel(LaravelCipher::Aes256Cbc, &[KEY], "laravel_session");
    let good = envelope(&padded(&format!("{PREFIX}the-id")));
    assert_eq!(opened(&handle, &good), Ok("the-id".to_owned()));
    let bad_padding = encryptor().encrypt_padded_vec::<NoPadding>(&[0; 64]);
    let upper = PREFIX.to_uppercase();
    let refused = [
        envelope(&padded("the-id")),
        envelope(&padded(&PREFIX[..40])),
        envelope(&padded(&format!("{upper}the-id"))),
        envelope(&bad_padding),
        envelope(b"not a whole block"),
        envelope(b""),
    ];
    let wrong_mac = laravel(
        LaravelCipher::Aes256Cbc,
        &["00000000000000000000000000000000"],
        "laravel_session",
    );
    let expected = wrong_mac.open(&good).expect_err("another key");
    assert_eq!(expected.kind, Signature);
    for shown in refused {
        assert_eq!(handle.open(&shown).expect_err("a refusal"), expected);
    }
    assert_eq!(
        opened(&handle, &envelope(&padded(PREFIX))),
        Err(Malformed),
        "an empty id"
    );
    let twice = base64_of(br#"{"iv":"","iv":"","value":"","mac":"","tag":""}"#);
    assert_eq!(opened(&handle, &twice), Err(Malformed));
}

#[test]
fn keys_with_which_laravel_would_not_start_are_refused() {
    let new = |key: &str| Laravel::new(LaravelCipher::Aes256Cbc, &owned(&[key]), "c").map(|_| ());
    assert_eq!(new(&"k".repeat(32)), Ok(()));
    assert_eq!(new(&format!("base64:{}", base64_of(&[1; 32]))), Ok(()));
    assert_eq!(
        new(&format!("base64:{}", base64_of(&[1; 16]))),
        Err(LaravelKeyError::Length(32))
    );
    assert_eq!(new(""), Err(LaravelKeyError::Length(32)));
    assert_eq!(new("base64:?"), Err(LaravelKeyError::Base64));
    let none = Laravel::new(LaravelCipher::Aes256Cbc, &[], "c");
    assert_eq!(none, Err(LaravelKeyError::None));
}
