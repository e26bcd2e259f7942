//! What is signed, when it is signed again, and that it never outlives its session.

use super::asserter::{Asserter, AssertionSettings};
use super::identity::Identity;
use crate::clock::UnixMillis;
use crate::headers::{AssertionHeader, HeaderPlan, IdentityTypes, Profile, sample};
use crate::jwt::SigningKey;
use crate::secret::Secret;
use crate::store::{Session, StoredSession};
use crate::token::Sid;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use prometheus::IntCounter;
use serde_json::{Value, json};
use std::time::Duration;

const NOW: UnixMillis = UnixMillis(1_000_000_400);

struct Scene {
    asserter: Asserter,
    plans: Vec<HeaderPlan>,
    signed: IntCounter,
    sid: Sid,
}

/// Three routes with an assertion for two services, and one without; a lifetime of a minute.
fn scene() -> Scene {
    let assertion = |audience: &str, name: &str| {
        Profile::Assertion(AssertionHeader {
            name: name.to_owned(),
            audience: audience.to_owned(),
        })
    };
    let plans: Vec<HeaderPlan> = [
        Profile::Skygear(IdentityTypes::Seed),
        assertion("blog", "X-A"),
        assertion("shop", "X-A"),
        assertion("blog", "X-B"),
    ]
    .into_iter()
    .map(|profile| HeaderPlan::new(&[profile]).expect("a plan"))
    .collect();
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256);
    let pem = Secret::new(pem.expect("a key").serialize_pem());
    let settings = AssertionSettings {
        issuer: "https://gate.test".to_owned(),
        keys: vec![SigningKey::from_pem(&pem).expect("a key")],
        lifetime: Duration::from_secs(60),
        header: "X-A".to_owned(),
    };
    let signed = IntCounter::new("signed", "signed").expect("a counter");
    let asserter = Asserter::new(&settings, &plans, signed.clone()).expect("there is a key");
    Scene {
        asserter,
        plans,
        signed,
        sid: Sid::from_hex("0123456789abcdef").expect("a sid"),
    }
}

impl Scene {
    fn identity(&self, session: Session, ends_at: Option<UnixMillis>) -> Identity {
        let session = Session {
            expires_at: None,
            ..session
        };
        Identity::derive(&StoredSession::new(session, ends_at), &self.plans, NOW)
    }

    fn asserted(&self, plan: usize, identity: &Identity, at: UnixMillis) -> HeaderValue {
        let asserted = self.asserter.token(plan, identity, self.sid, at);
        asserted.expect("it signs").expect("there is an assertion")
    }
}

fn claims(value: &HeaderValue) -> Value {
    let token = value.to_str().expect("ASCII");
    let part = token.split('.').nth(1).expect("three parts");
    let text = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&text).expect("JSON")
}

fn after(seconds: u64) -> UnixMillis {
    NOW.after(Duration::from_secs(seconds))
}

#[test]
fn the_claims_say_who_by_whom_and_for_whom() {
    let scene = scene();
    let identity = scene.identity(sample::full(), None);
    let value = scene.asserted(2, &identity, NOW);
    assert_eq!(
        claims(&value),
        json!({
            "iss": "https://gate.test", "aud": "shop", "sub": "u-17", "iat": 1_000_000, "exp": 1_000_060,
            "sid": "0123456789abcdef", "roles": ["user", "admin"], "verified": true, "disabled": false,
        })
    );
    assert!(value.is_sensitive());
    let shown = format!("{identity:?}");
    assert!(!shown.contains(value.to_str().expect("ASCII")), "{shown}");
    let none = scene.asserter.token(0, &identity, scene.sid, NOW);
    assert_eq!(none, Ok(None), "a plan without an assertion");
}

#[test]
fn it_is_signed_once_per_audience_and_again_when_half_of_its_life_is_over() {
    let scene = scene();
    let identity = scene.identity(sample::bare(), None);
    let first = scene.asserted(1, &identity, NOW);
    // The end is 400 ms short of a minute from now: claims are whole seconds.
    let kept = after(30).0 - 400;
    for (plan, at) in [(1, NOW.0), (3, NOW.0), (1, after(29).0), (3, kept)] {
        assert_eq!(scene.asserted(plan, &identity, UnixMillis(at)), first);
    }
    assert_eq!(scene.signed.get(), 1);
    let other = scene.asserted(2, &identity, NOW);
    assert_eq!(claims(&other)["aud"], "shop");
    let again = scene.asserted(1, &identity, UnixMillis(kept + 1));
    assert_eq!(claims(&again)["exp"], 1_000_090);
    assert_eq!(scene.signed.get(), 3);
}

#[test]
fn it_never_outlives_its_session_and_is_not_signed_anew_for_that() {
    let scene = scene();
    let ends_at = NOW.after(Duration::from_millis(20_900));
    let identity = scene.identity(sample::bare(), Some(ends_at));
    for seconds in [0, 10, 19, 20] {
        let told = claims(&scene.asserted(1, &identity, after(seconds)));
        assert_eq!(told["exp"], 1_000_021, "{seconds}: rounded down");
    }
    assert_eq!(scene.signed.get(), 1);
}

#[test]
fn it_ends_with_the_idle_timeout_which_moves_with_every_use() {
    let scene = scene();
    let idle = Session {
        idle_timeout: Some(Duration::from_secs(20)),
        ..sample::bare()
    };
    let identity = scene.identity(idle, None);
    let end = |at| claims(&scene.asserted(1, &identity, at))["exp"].clone();
    assert_eq!(end(NOW), 1_000_020);
    let _ = identity.touch(after(5));
    assert_eq!(end(after(5)), 1_000_025);
}

#[test]
fn a_record_that_is_read_again_goes_on_with_what_was_signed_of_the_same_facts() {
    let scene = scene();
    let earlier = scene.identity(sample::bare(), None);
    let first = scene.asserted(1, &earlier, NOW);
    let recalling = |session, ends_at| {
        let identity = scene.identity(session, ends_at);
        identity.recall(&earlier);
        scene.asserted(1, &identity, after(1))
    };
    assert_eq!(recalling(sample::bare(), None), first);
    let other = Session {
        roles: vec!["admin".to_owned()],
        ..sample::bare()
    };
    assert_eq!(claims(&recalling(other, None))["roles"], json!(["admin"]));
    let sooner = recalling(sample::bare(), Some(after(30)));
    assert_eq!(claims(&sooner)["exp"], 1_000_030);
}

#[test]
fn a_clock_that_is_set_back_issues_nothing_in_the_future() {
    let scene = scene();
    let identity = scene.identity(sample::bare(), None);
    scene.asserted(1, &identity, NOW);
    let back = scene.asserted(1, &identity, UnixMillis(NOW.0 - 5_000));
    assert_eq!(claims(&back)["iat"], 999_995);
}

/// R2: 8 KiB of headers, the assertion counted before it is signed.
#[test]
fn no_assertion_is_longer_than_was_reserved_for_it() {
    let scene = scene();
    let sessions = (0..=64).map(|count| Session {
        user_id: "\"\\".repeat(128),
        roles: vec!["r".repeat(64); count],
        ..sample::bare()
    });
    let mut longest = 0;
    for session in sessions {
        let identity = scene.identity(session, None);
        assert!(identity.rendered(1).is_ok());
        longest = longest.max(scene.asserted(1, &identity, NOW).len());
    }
    assert!((6 * 1024..8 * 1024).contains(&longest), "{longest}");
}
