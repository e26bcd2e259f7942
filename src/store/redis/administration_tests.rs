//! Administration against a real redis-server: what is written, what is told, what is found.

use super::search::search;
use super::test_server::TestServer;
use super::test_sink::Watched;
use crate::clock::{Now, UnixMillis};
use crate::store::administration::{Administration, Search};
use crate::store::contract::{SessionStore, StoreFault};
use crate::store::key::KeyTemplate;
use crate::store::new_session::NewSession;
use crate::store::revocation::Revocation;
use crate::store::session_report::SessionReport;
use crate::store::settings::{Invalidation, RedisSettings};
use crate::token::{Credential, Sid, TokenDigest};
use serde_json::{Value, json};
use std::time::Duration;

struct World {
    server: TestServer,
    watched: Watched,
}

impl World {
    async fn open(template: &str) -> Self {
        let server = TestServer::start().await;
        let settings = RedisSettings {
            key: Some(KeyTemplate::parse(template).expect("a good template")),
            invalidation: Invalidation::None,
            ..server.settings()
        };
        let watched = Watched::open(&settings);
        watched.settle().await;
        watched.heard.take();
        Self { server, watched }
    }

    async fn create(&self, token: &str, user_id: &str, ttl: Option<Duration>) -> Sid {
        let Value::Object(members) = json!({"user_id": user_id}) else {
            panic!("an object");
        };
        let now = Now::read();
        let new = NewSession::new(Credential::new(token), members, ttl, now.wall);
        let created = self.watched.store.create(new.expect("good"), now).await;
        created.expect("written");
        TokenDigest::of(token).sid()
    }

    async fn opens(&self, token: &str) -> bool {
        let credential = Credential::new(token);
        let found = self.watched.store.find(&credential, Now::read()).await;
        found
            .expect("an answer")
            .is_some_and(|stored| !stored.is_revoked)
    }

    async fn show(&self, sid: Sid, user_id: Option<&str>) -> Option<SessionReport> {
        let shown = self.watched.store.show(sid, user_id, Now::read()).await;
        match shown.expect("an answer") {
            Search::Found(report) => Some(report),
            Search::Absent => None,
            Search::GaveUp => panic!("so few keys"),
        }
    }

    async fn listed(&self, user_id: &str) -> Vec<Sid> {
        let list = self.watched.store.list(user_id, Now::read()).await;
        let sessions = list.expect("an answer").sessions;
        sessions.iter().map(|report| report.sid).collect()
    }

    async fn revoke(&self, revocation: &Revocation) -> usize {
        // The milliseconds of creation and revocation differ.
        let now = Now::read().after(Duration::from_millis(1));
        let removal = self.watched.store.revoke(revocation, now).await;
        let removal = removal.expect("written");
        assert_eq!(removal.rest, None);
        removal.records
    }
}

#[tokio::test]
async fn a_created_session_opens_and_is_found_by_its_name_under_either_template() {
    for template in ["s[1]:{sha256}", "s[1]:{token}:x"] {
        let world = World::open(template).await;
        let hour = Duration::from_secs(3600);
        let one = world.create("one", "u", Some(hour)).await;
        let two = world.create("two", "u", None).await;
        world.create("other", "v", None).await;
        assert_eq!(world.watched.heard.take_changes("one"), 1, "{template}");
        assert!(world.opens("one").await, "{template}");
        assert_eq!(world.listed("u").await, [two, one], "{template}");
        for user_id in [None, Some("u"), Some("v")] {
            let report = world.show(one, user_id).await.expect("there");
            let stored = report.stored.expect("a good record");
            assert_eq!(stored.session.user_id, "u");
            assert!(stored.store_expires_at.is_some(), "{template}");
        }
        let unknown = TokenDigest::of("unknown").sid();
        assert_eq!(world.show(unknown, Some("u")).await, None, "{template}");
        let life = world.server.command("PTTL sessiongate:index:u");
        assert_eq!(life, "int(-1)", "the endless one keeps the index");
    }
}

#[tokio::test]
async fn an_index_loses_what_has_ended_and_ends_with_its_last_session() {
    let world = World::open("s:{sha256}").await;
    let one = world
        .create("one", "u", Some(Duration::from_secs(3600)))
        .await;
    let life = world.server.command("PTTL sessiongate:index:u");
    assert_ne!(life, "int(-1)");
    let digest = TokenDigest::of("two").to_hex();
    let entry = format!("ZADD sessiongate:index:u 1 s:{digest} +inf s:gone 9999999999999 foreign");
    world.server.command(&entry);
    world
        .create("three", "u", Some(Duration::from_secs(60)))
        .await;
    let members = world.server.command("ZCARD sessiongate:index:u");
    assert_eq!(
        members, "int(4)",
        "what ended in 1970 is taken out on a write"
    );
    let gone = TokenDigest::of("gone").to_hex();
    world
        .server
        .command(&format!("ZADD sessiongate:index:u +inf s:{gone}"));
    assert_eq!(world.listed("u").await.len(), 2);
    assert!(world.listed("u").await.contains(&one));
    let members = world.server.command("ZCARD sessiongate:index:u");
    assert_eq!(
        members, "int(4)",
        "what leads nowhere is taken out on a list"
    );
}

#[tokio::test]
async fn a_session_is_revoked_by_its_name_and_everybody_is_told() {
    let world = World::open("s:{sha256}").await;
    let (one, two) = (
        world.create("one", "u", None).await,
        world.create("two", "u", None).await,
    );
    world.watched.heard.take();
    let settings = RedisSettings {
        invalidation: Invalidation::PubSub,
        ..world.server.settings()
    };
    let listening = Watched::vouching(&settings).await;
    assert_eq!(world.revoke(&Revocation::Session(one)).await, 1);
    assert_eq!(world.watched.heard.take().names, [one.to_string()]);
    super::test_server::until("the other node hears", async || {
        let messages = listening.heard.take().messages;
        messages == [Ok(Revocation::Session(one))]
    })
    .await;
    assert!(!world.opens("one").await && world.opens("two").await);
    assert_eq!(world.listed("u").await, [two]);
    // A record that a slow writer puts back is refused.
    let key = format!("s:{}", TokenDigest::of("one").to_hex());
    world.server.say(["SET", &key, r#"{"v":1,"user_id":"u"}"#]);
    assert!(!world.opens("one").await);
    assert!(world.show(one, None).await.expect("there").is_revoked());
}

#[tokio::test]
async fn a_logout_holds_here_as_soon_as_it_is_written_whatever_becomes_of_the_rest() {
    let server = TestServer::start().await;
    let rights = "~session:* ~sessiongate:* +getrange +pttl +ping +set";
    server.command(&format!("ACL SETUSER gate on >pw {rights}"));
    server.say(["SET", "session:t", r#"{"v":1,"user_id":"u"}"#]);
    let settings = RedisSettings {
        invalidation: Invalidation::None,
        ..server.settings_of("gate", "pw")
    };
    let watched = Watched::open(&settings);
    watched.settle().await;
    let refused = watched.store.end(&Credential::new("t")).await;
    assert_eq!(refused.expect_err("no DEL").kind, StoreFault::Auth);
    let sid = TokenDigest::of("t").sid().to_string();
    assert_eq!(watched.heard.take().names, [sid]);
}

#[tokio::test]
async fn all_of_a_user_ends_and_what_was_made_later_stays() {
    let world = World::open("s:{sha256}").await;
    for token in ["one", "two"] {
        world.create(token, "u", None).await;
    }
    let other = world.create("other", "v", None).await;
    let user = |not_before| Revocation::User {
        id: "u".to_owned(),
        not_before,
    };
    let earlier = user(Some(UnixMillis(1_000)));
    assert_eq!(world.revoke(&earlier).await, 0, "made later than 1970");
    assert_eq!(world.listed("u").await.len(), 2);
    assert_eq!(world.revoke(&user(None)).await, 2);
    assert!(!world.opens("one").await && !world.opens("two").await);
    assert_eq!(
        world
            .show(other, None)
            .await
            .map(|report| report.is_revoked()),
        Some(false)
    );
    let mark = world.watched.store.user("u").await.expect("an answer");
    assert!(mark.not_before.is_some_and(|at| at.0 > 1_000));
}

#[tokio::test]
async fn disabled_is_one_member_of_the_mark() {
    let world = World::open("s:{sha256}").await;
    world.server.say([
        "SET",
        "sessiongate:user:u",
        r#"{"not_before":5,"more":"x"}"#,
    ]);
    for disabled in [true, true, false] {
        let set = world.watched.store.set_disabled("u", disabled).await;
        set.expect("written");
        assert_eq!(world.watched.heard.take().names, ["u"]);
        let mark = world.watched.store.user("u").await.expect("an answer");
        assert_eq!(
            (mark.disabled, mark.not_before),
            (disabled, Some(UnixMillis(5)))
        );
    }
    assert!(
        world
            .server
            .command("GET sessiongate:user:u")
            .contains("more")
    );
    world.server.say(["SET", "sessiongate:user:w", "nonsense"]);
    let refused = world.watched.store.set_disabled("w", true).await;
    let refused = refused.expect_err("no mark to write into");
    assert!(refused.detail.contains("BROKENMARK"), "{refused}");
}

#[tokio::test]
async fn an_acl_that_forbids_it_is_told_what_it_takes_and_that_suffices() {
    let server = TestServer::start().await;
    server.command("ACL SETUSER reader on >secret ~* &* +@read +@connection +client|tracking");
    let watched = Watched::open(&server.settings_of("reader", "secret"));
    watched.settle().await;
    let refused = watched.store.set_disabled("u", true).await;
    let refused = refused.expect_err("+eval is missing");
    assert_eq!(refused.kind, StoreFault::Auth);
    let (_, takes) = refused.detail.split_once(" takes ").expect("a list");
    server.command(&format!("ACL SETUSER admin on >secret {takes} +ping"));
    let settings = RedisSettings {
        invalidation: Invalidation::None,
        ..server.settings_of("admin", "secret")
    };
    let world = World {
        watched: Watched::open(&settings),
        server,
    };
    let one = world.create("one", "u", None).await;
    world
        .create("two", "u", Some(Duration::from_secs(60)))
        .await;
    assert!(world.show(one, None).await.is_some());
    assert_eq!(world.listed("u").await.len(), 2);
    assert_eq!(world.revoke(&Revocation::Session(one)).await, 1);
    let set = world.watched.store.set_disabled("u", true).await;
    set.expect("written");
    let all = Revocation::User {
        id: "u".to_owned(),
        not_before: None,
    };
    assert_eq!(world.revoke(&all).await, 1);
}

#[tokio::test]
async fn a_session_that_cannot_be_indexed_is_not_made() {
    let server = TestServer::start().await;
    server.command("ACL SETUSER half on >secret ~* &* +@all -eval");
    let watched = Watched::open(&server.settings_of("half", "secret"));
    watched.settle().await;
    let Value::Object(members) = json!({"user_id": "u"}) else {
        panic!("an object");
    };
    let now = Now::read();
    let new = NewSession::new(Credential::new("t"), members, None, now.wall);
    let refused = watched.store.create(new.expect("good"), now).await;
    assert_eq!(refused.expect_err("-eval").kind, StoreFault::Auth);
    assert_eq!(server.say(["EXISTS", "session:t"]), "int(0)");
}

#[tokio::test]
async fn a_search_gives_up_when_there_are_too_many_keys() {
    let world = World::open("s:{sha256}").await;
    let fill = "for n = 1, 5000 do redis.call('SET', 'other:' .. n, n) end";
    world.server.say(["EVAL", fill, "0"]);
    let store = &world.watched.store;
    let sid = TokenDigest::of("nobody").sid();
    let template = store.key.as_ref().expect("it keeps records");
    let search = async |rounds| {
        let searched = search(&store.servers, template, sid, rounds).await;
        searched.expect("an answer")
    };
    assert_eq!(search(2).await, Search::GaveUp);
    assert_eq!(search(100).await, Search::Absent);
}
