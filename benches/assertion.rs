//! Question: what does a signed assertion cost a request that finds one ready, and what does it cost to sign one?
//!
//! * `kept`: the session has one for this audience: a reference is counted up.
//! * `signed`: another one is due; claims, JSON, base64 and signature.
//!
//! Run: `cargo bench --bench assertion`.
//!
//! Last result, 2026-11-26, 2 shared cores of a virtual Xeon, other work beside it, medians:
//!
//! | algorithm | kept | signed |
//! |---|---|---|
//! | ES256 | 41 ns | 22 µs |
//! | EdDSA | 37 ns | 33 µs |
//!
//! Conclusion: one that is ready costs as much as a look into the cache. A core signs 45,000 times a second with ES256, so
//! that at a lifetime of a minute, two signatures a minute, it bears a million sessions that never rest.

use criterion::{Criterion, criterion_group, criterion_main};
use prometheus::IntCounter;
use sessiongate::clock::UnixMillis;
use sessiongate::headers::{AssertionHeader, HeaderPlan, Profile};
use sessiongate::identity::{Asserter, AssertionSettings, Identity};
use sessiongate::jwt::SigningKey;
use sessiongate::secret::Secret;
use sessiongate::store::{Session, StoredSession};
use sessiongate::token::Sid;
use std::hint::black_box;
use std::time::Duration;

const NOW: UnixMillis = UnixMillis(1_795_000_000_000);
const LIFETIME: Duration = Duration::from_secs(60);

fn asserting(criterion: &mut Criterion) {
    let kinds = [
        ("ES256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("EdDSA", &rcgen::PKCS_ED25519),
    ];
    for (name, kind) in kinds {
        let plans = [plan()];
        let asserter = asserter(kind, &plans);
        let identity = Identity::derive(&StoredSession::new(session(), None), &plans, NOW);
        let sid = Sid::from_hex("0123456789abcdef").expect("a sid");
        let assert = |at| asserter.token(0, &identity, sid, at).expect("it signs");
        let mut group = criterion.benchmark_group(name);
        group.bench_function("kept", |bencher| {
            bencher.iter(|| black_box(assert(NOW)));
        });
        group.bench_function("signed", |bencher| {
            let mut at = NOW;
            bencher.iter(|| {
                at = at.after(LIFETIME);
                black_box(assert(at))
            });
        });
    }
}

fn plan() -> HeaderPlan {
    let header = AssertionHeader {
        name: "X-Sessiongate-Assertion".to_owned(),
        audience: "blog".to_owned(),
    };
    HeaderPlan::new(&[Profile::Assertion(header)]).expect("a plan")
}

fn asserter(kind: &'static rcgen::SignatureAlgorithm, plans: &[HeaderPlan]) -> Asserter {
    let pem = rcgen::KeyPair::generate_for(kind).expect("a key");
    let pem = Secret::new(pem.serialize_pem());
    let settings = AssertionSettings {
        issuer: "https://gateway.example.com".to_owned(),
        keys: vec![SigningKey::from_pem(&pem).expect("a key")],
        lifetime: LIFETIME,
        header: "X-Sessiongate-Assertion".to_owned(),
    };
    let signed = IntCounter::new("signed", "signed").expect("a counter");
    Asserter::new(&settings, plans, signed).expect("there is a key")
}

fn session() -> Session {
    Session {
        user_id: "87dfaacf-a872-444a-948a-1497c6bb2a03".to_owned(),
        roles: vec!["user".to_owned(), "admin".to_owned()],
        default_role: None,
        verified: true,
        disabled: false,
        identity: None,
        authenticator: None,
        created_at: None,
        expires_at: None,
        idle_timeout: None,
        attrs: Default::default(),
    }
}

criterion_group!(benches, asserting);
criterion_main!(benches);
