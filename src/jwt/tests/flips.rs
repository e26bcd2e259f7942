//! Whatever is done to a good token, it is no good token any more.

use super::issuer::{Issuer, NOW, key_set, outcome, settings, verifier};
use crate::jwt::Algorithm;
use proptest::prelude::*;
use std::task::{Context, Poll, Waker};

/// Fixed keys never wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn each_other_byte_at_each_place_is_refused() {
    let issuer = Issuer::new("k");
    let verifier = verifier(settings(&[Algorithm::Es256]), key_set(&[issuer.jwk()]));
    let token = issuer.token();
    assert!(at_once(outcome(&verifier, &token)).is_ok());
    for (place, byte) in token.bytes().enumerate() {
        let flipped = (0..7).map(|bit| char::from(byte ^ 1 << bit));
        for other in flipped.chain(['A', '_', '-', '.', '=', '+', ' ', 'é']) {
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            let is_refused = at_once(outcome(&verifier, &changed)).is_err();
            assert!(
                is_refused || changed == token,
                "{other:?} at {place} of {token}"
            );
        }
        for shorter in [&token[..place], &token[place + 1..]] {
            assert!(at_once(outcome(&verifier, shorter)).is_err(), "{shorter}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics_or_is_believed(token in "\\PC{0,200}|([A-Za-z0-9_-]{0,40}\\.){2}[A-Za-z0-9_-]{0,90}") {
        let issuer = Issuer::new("k");
        let verifier = verifier(settings(&[Algorithm::Es256]), key_set(&[issuer.jwk()]));
        prop_assert!(at_once(verifier.verify(&token, NOW)).is_err());
    }
}
