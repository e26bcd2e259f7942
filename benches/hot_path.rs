//! Question: what does each step of a request cost in the gateway, in time and in allocations?
//!
//! The head has 12 lines, as a browser's; its session is in the cache. Before each time stands what one call allocates:
//! how often, how many bytes in all, how many at once. A `realloc` counts as one.
//!
//! * `token`: the credential is looked for, digested, and its cookie taken out of what is forwarded.
//! * `render`: a profile's header values are made, once when a session is loaded.
//! * `admit`: route, token, session, policy. `consider`: the same with hygiene, caller, canonical host and path.
//! * `prepare`: the upstream's head is made of Pingora's copy of the client's: stripped, forwarded, told who the user is.
//!   What a profile costs is its line less that of `none`.
//! * `request`: `consider` and `prepare` together: all of the gateway between two complete heads.
//!
//! Run: `cargo bench --bench hot_path`.
//!
//! Last result, 2026-11-26, 2 shared cores of a virtual EPYC with a compiler beside it, without LTO, the system's allocator
//! with a counter in it, medians:
//!
//! | | time | allocations |
//! |---|---|---|
//! | extract: bearer, cookie, cookie among 10, no token | 190, 218, 665, 58 ns | 0 |
//! | digest | 160 ns | 0 |
//! | strip: bearer, cookie, cookie among 10 | 37, 181, 1073 ns | 0, 1, 2 |
//! | render: skygear, authgear, hasura, custom | 1.0, 0.8, 0.4, 0.7 µs | 5, 8, 5, 7 |
//! | admit: bearer, cookie, cookie among 10 | 0.9, 1.1, 1.5 µs | 0 |
//! | admit: no token, unknown token | 0.2, 1.1 µs | 0 |
//! | consider: bearer, cookie, no token, unknown token | 3.2, 2.7, 2.0, 2.3 µs | 1 |
//! | prepare by bearer: none, skygear, authgear | 1.9, 4.7, 2.5 µs | 4, 5, 5 |
//! | prepare by bearer: hasura, custom, assertion | 2.6, 2.9, 2.0 µs | 5 |
//! | prepare, skygear: cookie, cookie among 10, no token | 4.7, 4.8, 3.5 µs | 6, 7, 4 |
//! | prepare, none, with 4 forged lines | 2.2 µs | 5 |
//! | request: bearer, cookie, cookie among 10 | 9.2, 6.4, 8.9 µs | 7, 8, 9 |
//! | request: no token, unknown token | 6.0, 6.6 µs | 6 |
//!
//! Times of one step differ by half from run to run on this machine; the counts do not.
//!
//! Conclusion: the decision allocates nothing, and writing the upstream's head takes about half. It allocates the map that
//! the lines need room in, the values of the session in one piece, and one text for the address. With Pingora's own ways to
//! write a header it was 33 allocations instead of 7: each name that is no standard one cost two.

#[path = "stage/browser.rs"]
mod browser;
#[path = "stage/counted.rs"]
mod counted;
#[path = "stage/gateway.rs"]
mod gateway;

use counted::Counted;
use criterion::{Criterion, criterion_group, criterion_main};
use gateway::{Gateway, Received, TOKEN, UPSTREAM, ready};
use http::{HeaderMap, Method};
use pingora::http::RequestHeader;
use sessiongate::clock::Now;
use sessiongate::headers::{
    CustomHeader, HasuraProfile, HeaderPlan, IdentityTypes, Profile, Template,
};
use sessiongate::proxy::admit;
use sessiongate::request::RequestView;
use sessiongate::store::{AuthenticatedAs, Session};
use sessiongate::token::{
    BodyTokens, CookieName, CookieSource, Duplicates, TokenDigest, TokenSource, extract, strip,
};
use std::hint::black_box;
use std::time::Duration;
use time::macros::datetime;

/// A token that no store knows.
const UNKNOWN: &str = "VGhlcmUgaXMgbm8gc3VjaCBzZXNzaW9uIGFueXdoZXJl";

/// Each is served at a host of its name; `none` is no profile.
const PROFILES: [&str; 6] = [
    "none",
    "skygear",
    "authgear",
    "hasura",
    "custom",
    "assertion",
];

/// Reserved names, in spellings that some upstream takes for one another.
const FORGED: [(&str, &str); 4] = [
    ("X-Skygear-User-Id", "root"),
    ("x-skygear-user-roles", "admin"),
    ("X-Hasura-Role", "admin"),
    ("x_authgear_user_id", "root"),
];

/// A name for each way to show a session or none, and the head that does.
fn shown(host: &str) -> [(&'static str, RequestHeader); 5] {
    let bearer = browser::bearer(TOKEN);
    let unknown = browser::bearer(UNKNOWN);
    let [one, ten] = [1, 10].map(|count| browser::cookies(TOKEN, count));
    [
        ("bearer", browser::head(host, &[("Authorization", &bearer)])),
        ("cookie", browser::head(host, &[("Cookie", &one)])),
        ("cookie among 10", browser::head(host, &[("Cookie", &ten)])),
        ("no token", browser::head(host, &[("DNT", "1")])),
        (
            "unknown token",
            browser::head(host, &[("Authorization", &unknown)]),
        ),
    ]
}

fn token(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "token");
    let name = CookieName::new("session").expect("a name");
    let sources = [
        TokenSource::Bearer,
        TokenSource::Cookie(CookieSource {
            name: name.clone(),
            duplicates: Duplicates::Reject,
        }),
    ];
    let body = BodyTokens::default();
    let names = [name];
    for (id, head) in shown("app").iter().take(4) {
        let headers: &HeaderMap = &head.headers;
        group.bench(&format!("extract {id}"), || {
            black_box(extract(&sources, black_box(headers), &body));
        });
    }
    group.bench("digest", || TokenDigest::of(black_box(TOKEN)));
    for (id, head) in shown("app").iter().take(3) {
        let headers: &HeaderMap = &head.headers;
        group.bench(&format!("strip {id}"), || strip(black_box(headers), &names));
    }
}

fn render(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "render");
    let custom = [
        ("X-User", "{user.id}"),
        ("X-Roles", "{roles}"),
        ("X-Email", "{attrs.email}"),
    ]
    .map(|(name, value)| CustomHeader {
        name: name.to_owned(),
        value: Template::parse(value).expect("a template"),
    });
    let session = session();
    for profile in [
        Profile::Skygear(IdentityTypes::Seed),
        Profile::Authgear,
        Profile::Hasura(HasuraProfile::default()),
        Profile::Custom(custom.into()),
    ] {
        let id = profile.name();
        let plan = HeaderPlan::new(&[profile]).expect("a plan");
        group.bench(id, || {
            plan.render(black_box(&session)).expect("a sound record")
        });
    }
}

/// From an inspected head to the verdict: route, token, session, policy.
fn admitted(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "admit");
    let gateway = Gateway::open(UPSTREAM);
    let body = BodyTokens::default();
    let now = Now::read();
    for (id, head) in shown("skygear") {
        gateway.warm(&head);
        let view = RequestView {
            method: &Method::GET,
            host: "skygear",
            path: "/api/articles",
            headers: &head.headers,
        };
        let runtime = gateway.live.pin();
        group.bench(id, || ready(admit(&runtime, &view, &body, now)));
    }
}

/// `admit` with what comes before it: hygiene, caller, canonical host and path.
fn considered(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "consider");
    let gateway = Gateway::open(UPSTREAM);
    for (id, head) in shown("skygear") {
        gateway.warm(&head);
        let mut request = Received(head);
        group.bench(id, || {
            let mut context = gateway.begin();
            gateway::decide(&mut context, &mut request);
            context
        });
    }
}

/// The upstream's head, out of Pingora's copy of the client's.
fn prepared(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "prepare");
    let gateway = Gateway::open(UPSTREAM);
    for profile in PROFILES {
        let heads = shown(profile);
        let is_told = |id: &&str| profile == "skygear" || *id == "bearer";
        for (id, head) in heads.iter().filter(|(id, _)| is_told(id)) {
            bench_prepare(&mut group, &gateway, &format!("{profile} {id}"), head);
        }
    }
    let bearer = browser::bearer(TOKEN);
    let mut lines = vec![("Authorization", &*bearer)];
    lines.extend(FORGED);
    let forged = browser::head("none", &lines);
    bench_prepare(&mut group, &gateway, "none bearer, 4 forged", &forged);
}

fn bench_prepare(group: &mut Counted<'_>, gateway: &Gateway, id: &str, head: &RequestHeader) {
    gateway.warm(head);
    let mut context = gateway.begin();
    gateway::decide(&mut context, &mut Received(head.clone()));
    let forward = |mut head: RequestHeader| {
        black_box(gateway::forward(&context, &mut head));
        head
    };
    group.bench_on(id, || head.clone(), forward);
}

/// All of it, from the complete head to the upstream's.
fn request(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "request");
    let gateway = Gateway::open(UPSTREAM);
    for (id, head) in shown("skygear") {
        gateway.warm(&head);
        let arrive = || (Received(head.clone()), head.clone());
        let serve = |(mut request, mut copy): (Received, RequestHeader)| {
            let mut context = gateway.begin();
            gateway::decide(&mut context, &mut request);
            gateway::forward(&context, &mut copy);
            (context, request, copy)
        };
        group.bench_on(id, arrive, serve);
    }
}

fn session() -> Session {
    let attrs = serde_json::json!({"email": "ada@example.com"});
    Session {
        user_id: "87dfaacf-a872-444a-948a-1497c6bb2a03".to_owned(),
        roles: vec!["user".to_owned(), "admin".to_owned()],
        default_role: Some("user".to_owned()),
        verified: true,
        disabled: false,
        identity: Some(AuthenticatedAs {
            id: "3f2b6c1e-5d0a-4b7e".to_owned(),
            kind: Some("password".to_owned()),
            updated_at: Some(datetime!(2026-01-05 08:30 UTC)),
        }),
        authenticator: None,
        created_at: None,
        expires_at: None,
        idle_timeout: None,
        attrs: attrs.as_object().cloned().unwrap_or_default(),
    }
}

const SECOND: Duration = Duration::from_secs(1);

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(SECOND).measurement_time(SECOND);
    targets = token, render, admitted, considered, prepared, request
}
criterion_main!(benches);
