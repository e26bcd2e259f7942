//! Vectors of the documented algorithms, and text that nobody gave out.

use super::given::{base64_of, express, laravel, opened, secrets, spring_session};
use crate::formats::handle::{
    Authenticate, Decode, Handle, ItsDangerous, LaravelCipher, Take, Transform, matches_token_hash,
};
use crate::token::FlawKind::{self, Malformed, Signature};
use crate::token::TokenDigest;
use proptest::prelude::*;

#[test]
fn an_express_handle_begins_with_its_mark_and_ends_with_its_signature() {
    const SIGNED: &str = "abcDEF123.SSkLD1IC1lexKKe7GkbuwEs10lHPQhdRAi3lIM2n1hg";
    let handle = express(&["keyboard cat"]);
    let cases = [
        (format!("s%3A{SIGNED}"), Ok("abcDEF123")),
        (format!("s:{SIGNED}"), Ok("abcDEF123")),
        (SIGNED.to_owned(), Err(Malformed)),
        ("s:abcDEF123".to_owned(), Err(Malformed)),
        ("s:abcDEF123.".to_owned(), Err(Signature)),
        (format!("s:{}", &SIGNED[9..]), Err(Signature)),
        (format!("s:{SIGNED}="), Err(Signature)),
        ("s%3".to_owned(), Err(Malformed)),
        (String::new(), Err(Malformed)),
    ];
    for (shown, expected) in cases {
        let found = opened(&handle, &shown);
        assert_eq!(found, expected.map(str::to_owned), "{shown}");
    }
}

#[test]
fn a_transformed_id_is_the_store_s_and_never_that_of_nothing() {
    let cases = [
        (
            Transform::RackPrivateId,
            "0123456789abcdef0123456789abcdef",
            "2::3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9",
        ),
        (
            Transform::Sha256,
            "abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
    ];
    for (transform, shown, id) in cases {
        let handle = Handle {
            transform,
            ..Handle::default()
        };
        assert_eq!(opened(&handle, shown), Ok(id.to_owned()));
        assert_eq!(opened(&handle, ""), Err(Malformed), "{transform:?}");
    }
}

#[test]
fn an_id_is_a_part_of_a_handle_and_fits_into_a_key() {
    let whole = Handle::default();
    let spring = spring_session();
    let skygear = Handle {
        take: Take::BeforeDot,
        ..Handle::default()
    };
    let (longest, too_long) = ("x".repeat(512), "x".repeat(513));
    let id = "648377f7-c76f-4f45-b847-c0268bb48381";
    let token = format!("{id}.AbCdEfGhIjKlMnOpQrStUvWxYz012345");
    let longest_shown = format!("{id}.{}", "x".repeat(8192 - 37));
    let too_long_shown = format!("{longest_shown}x");
    let cases: [(&Handle, &str, Result<&str, FlawKind>); 15] = [
        (
            &spring,
            "NjQ4Mzc3ZjctYzc2Zi00ZjQ1LWI4NDctYzAyNjhiYjQ4Mzgx",
            Ok(id),
        ),
        (&spring, id, Err(Malformed)),
        (&spring, "AAECAw==", Err(Malformed)),
        (&skygear, &token, Ok(id)),
        (&skygear, "id", Err(Malformed)),
        (&skygear, "id.", Err(Malformed)),
        (&skygear, ".secret", Err(Malformed)),
        (&skygear, "id.secret.more", Err(Malformed)),
        (&skygear, &longest_shown, Ok(id)),
        (&skygear, &too_long_shown, Err(Malformed)),
        (&whole, "a b", Err(Malformed)),
        (&whole, "a\r\nb", Err(Malformed)),
        (&whole, "é", Err(Malformed)),
        (&whole, &longest, Ok(&longest)),
        (&whole, &too_long, Err(Malformed)),
    ];
    for (handle, shown, expected) in cases {
        let found = opened(handle, shown);
        assert_eq!(found, expected.map(str::to_owned), "{shown}");
    }
}

#[test]
fn the_hash_of_a_token_is_that_of_all_of_it_in_lower_case() {
    const TOKEN: &str = "9f1c2d3e-0000-4000-8000-000000000001.AbCdEfGhIjKlMnOpQrStUvWxYz012345";
    const HASH: &str = "3df3dc82aa1e31ada735ca3f5fa1963dd3735a847ea910f4f1aaaeea68564b4f";
    assert!(matches_token_hash(HASH, TokenDigest::of(TOKEN)));
    assert!(!matches_token_hash(
        HASH,
        TokenDigest::of(&TOKEN[..TOKEN.len() - 1])
    ));
    let upper = HASH.to_uppercase();
    for field in ["", &HASH[..63], &upper, TOKEN] {
        assert!(
            !matches_token_hash(field, TokenDigest::of(TOKEN)),
            "{field}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_that_is_shown_panics_and_an_id_is_visible_ascii(
        shown in "(s:|%|\\PC|[A-Za-z0-9+/=._-]){0,80}",
        step in prop::sample::select(vec![Decode::Percent, Decode::Base64, Decode::Base64Url]),
        take in prop::sample::select(vec![Take::Whole, Take::BeforeDot]),
        transform in prop::sample::select(vec![Transform::None, Transform::Sha256, Transform::RackPrivateId]),
    ) {
        let ways = [
            Authenticate::None,
            Authenticate::Express(secrets(&["a"])),
            Authenticate::SignedValue(secrets(&["a"])),
            Authenticate::ItsDangerous(ItsDangerous::flask_session(secrets(&["a"]))),
        ];
        for authenticate in ways {
            for decode in [vec![], vec![step], vec![step, Decode::Percent]] {
                let handle = Handle { decode, authenticate: authenticate.clone(), take, transform };
                if let Ok(id) = handle.open(&shown) {
                    let id = id.expose();
                    prop_assert!((1..=512).contains(&id.len()));
                    prop_assert!(id.bytes().all(|byte| byte.is_ascii_graphic()));
                }
            }
        }
    }

    #[test]
    fn no_envelope_panics(
        iv in "[A-Za-z0-9+/]{0,24}={0,2}",
        value in prop::collection::vec(any::<u8>(), 0..80),
        tag in prop::collection::vec(any::<u8>(), 0..20),
        mac in "[0-9a-f]{0,66}",
    ) {
        let json = serde_json::json!({"iv": iv, "value": base64_of(&value), "tag": base64_of(&tag), "mac": mac});
        let shown = base64_of(json.to_string().as_bytes());
        for cipher in [LaravelCipher::Aes256Cbc, LaravelCipher::Aes256Gcm] {
            let handle = laravel(cipher, &["0123456789abcdef0123456789abcdef"], "laravel_session");
            prop_assert_eq!(opened(&handle, &shown), Err(Signature));
        }
    }
}
