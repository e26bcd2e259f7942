//! The embedded store, with a listener that looks into the store whenever it is told something.

use super::administration::{Administration, Search};
use super::contract::SessionStore;
use super::feed::{Change, ChangeSink};
use super::memory::MemoryStore;
use super::message::Message;
use super::new_session::NewSession;
use super::revocation::Revocation;
use super::settings::MemorySettings;
use crate::clock::{Now, UnixMillis};
use crate::token::{Credential, TokenDigest};
use serde_json::{Value, json};
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Listener(Mutex<Vec<String>>);

impl Listener {
    fn note(&self, note: String) {
        self.0.lock().expect("no panic").push(note);
    }

    fn take(&self) -> Vec<String> {
        mem::take(&mut self.0.lock().expect("no panic"))
    }
}

impl ChangeSink for Listener {
    fn changed(&self, change: Change<'_>) {
        self.note(match change {
            Change::Session(digest) => format!("session {}", digest.sid()),
            Change::Touched(_) => "touched".to_owned(),
            Change::Shared(name) => format!("shared {}", name.sid()),
            Change::User(id) => format!("user {id}"),
            Change::Revoked(name) => format!("revoked {name}"),
        });
    }
    fn message(&self, _message: &Message) {}
    fn lost(&self) {
        self.note("lost".to_owned());
    }
    fn restored(&self) {
        self.note("restored".to_owned());
    }
    fn lag(&self, _lag: Duration) {}
}

struct World {
    store: MemoryStore,
    heard: Arc<Listener>,
    now: Now,
}

impl World {
    fn open() -> Self {
        let now = Now::read();
        let store = MemoryStore::open(&MemorySettings::default(), now);
        let heard = Arc::new(Listener::default());
        store.watch(heard.clone());
        heard.take();
        Self { store, heard, now }
    }

    async fn create(&self, token: &str, user_id: &str, ttl_ms: Option<u64>) {
        let Value::Object(members) = json!({"user_id": user_id}) else {
            panic!("an object");
        };
        let ttl = ttl_ms.map(Duration::from_millis);
        let new = NewSession::new(Credential::new(token), members, ttl, self.now.wall);
        let created = self.store.create(new.expect("good"), self.now).await;
        created.expect("room");
    }

    async fn opens(&self, token: &str) -> bool {
        let found = self.store.find(&Credential::new(token), self.now).await;
        found.expect("an answer").is_some()
    }

    async fn listed(&self, user_id: &str) -> Vec<String> {
        let list = self.store.list(user_id, self.now).await.expect("an answer");
        list.sessions
            .iter()
            .map(|report| report.sid.to_string())
            .collect()
    }
}

#[tokio::test]
async fn a_created_session_opens_at_once_and_is_listed_until_it_ends() {
    let mut world = World::open();
    world.create("one", "u", Some(1_000)).await;
    world.create("two", "u", None).await;
    world.create("three", "v", None).await;
    let sid = |token: &str| TokenDigest::of(token).sid().to_string();
    assert_eq!(
        world.heard.take().first(),
        Some(&format!("session {}", sid("one")))
    );
    assert!(world.opens("one").await && world.opens("two").await);
    assert_eq!(world.listed("u").await, [sid("two"), sid("one")]);
    world.now = world.now.after(Duration::from_millis(1_000));
    assert_eq!(world.listed("u").await, [sid("two")]);
    let gone = world
        .store
        .show(TokenDigest::of("one").sid(), None, world.now);
    assert_eq!(gone.await.expect("an answer"), Search::Absent);
}

#[tokio::test]
async fn a_revocation_ends_what_it_names_and_is_told() {
    let world = World::open();
    for (token, user) in [("one", "u"), ("two", "u"), ("three", "u"), ("other", "v")] {
        world.create(token, user, None).await;
    }
    world.heard.take();
    let sid = TokenDigest::of("one").sid();
    let revoke = async |revocation| {
        let now = world.now.after(Duration::from_millis(1));
        let removal = world.store.revoke(&revocation, now).await;
        removal.expect("the embedded store always answers").records
    };
    assert_eq!(revoke(Revocation::Session(sid)).await, 1);
    assert_eq!(world.heard.take(), [format!("revoked {sid}")]);
    assert!(!world.opens("one").await && world.opens("two").await);
    let user = |not_before| Revocation::User {
        id: "u".to_owned(),
        not_before,
    };
    let earlier = Some(UnixMillis(world.now.wall.0 - 1));
    assert_eq!(revoke(user(earlier)).await, 0, "made later than that");
    assert_eq!(revoke(user(None)).await, 2);
    assert_eq!(world.heard.take(), ["user u", "user u"]);
    assert!(!world.opens("two").await && world.opens("other").await);
    let mark = world.store.user("u").await.expect("an answer");
    assert_eq!(mark.not_before, Some(UnixMillis(world.now.wall.0 + 1)));
}

#[tokio::test]
async fn a_user_is_disabled_and_enabled() {
    let world = World::open();
    world.create("one", "u", None).await;
    world.heard.take();
    for disabled in [true, false] {
        let set = world.store.set_disabled("u", disabled).await;
        set.expect("room");
        assert_eq!(world.heard.take(), ["user u"]);
        let mark = world.store.user("u").await.expect("an answer");
        assert_eq!((mark.disabled, mark.not_before), (disabled, None));
    }
    world.store.distrust();
    assert_eq!(world.heard.take(), ["lost", "restored"]);
}
