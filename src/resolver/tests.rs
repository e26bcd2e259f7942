//! What a load asks for: no more than it needs, and at once what does not wait for an answer.

use super::{Resolution, Resolver, Source, SourceMetrics};
use crate::cache::{CachePolicy, Ending, Epoch};
use crate::clock::{Now, UnixMillis};
use crate::observe::Metrics;
use crate::store::{
    Administration, Carried, LookupError, NewSession, Removal, Revocation, Search, SessionKey,
    SessionList, SessionReport, SessionStore, StoreError, StoreFault, StoredSession, UserMark,
    decode_native,
};
use crate::token::{Credential, Shown, Sid, TokenDigest};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Barrier;
use tokio::time::timeout;

#[tokio::test]
async fn a_user_is_asked_for_once_the_record_has_named_one() {
    let world = World::of(Scripted::default());
    assert_eq!(world.ask().await, Ok("u-1".to_owned()));
    assert_eq!(world.store.heard(), ["find", "user u-1"]);
    assert_eq!(world.ask().await, Ok("u-1".to_owned()));
    assert_eq!(world.store.heard(), NOTHING, "known");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_loaded_again_is_asked_for_with_its_user() {
    let mut store = Scripted::default();
    store.expect_together(&["find", "user u-1"]);
    let world = World::of(store);
    world.load_first().await;
    assert_eq!(world.ask().await, Ok("u-1".to_owned()));
    assert_eq!(world.store.heard(), ["find", "user u-1"]);
}

#[tokio::test]
async fn what_is_said_of_a_user_ahead_ends_the_session() {
    let world = World::of(Scripted::default());
    world.load_first().await;
    world.store.mark("u-1", REVOKED);
    assert_eq!(world.ask().await, Err(Some(Ending::Revoked)));
    assert_eq!(world.store.heard(), ["find", "user u-1"]);
}

#[tokio::test]
async fn a_record_that_names_another_user_than_before_hangs_on_that_one() {
    let failure = Err(StoreFault::Timeout);
    let cases = [
        (REVOKED, KEEPS, Ok("u-2".to_owned())),
        (failure, KEEPS, Ok("u-2".to_owned())),
        (KEEPS, REVOKED, Err(Some(Ending::Revoked))),
        (KEEPS, failure, Err(None)),
    ];
    for (of_the_one, of_the_other, expected) in cases {
        let world = World::of(Scripted::default());
        world.load_first().await;
        world.store.record("u-2", "");
        world.store.mark("u-1", of_the_one);
        world.store.mark("u-2", of_the_other);
        assert_eq!(
            world.ask().await,
            expected,
            "{of_the_one:?} {of_the_other:?}"
        );
        let first: Vec<_> = world.store.heard().into_iter().take(3).collect();
        assert_eq!(first, ["find", "user u-1", "user u-2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_carries_its_record_is_asked_for_with_its_user() {
    let mut store = Scripted {
        carries: true,
        ..Scripted::default()
    };
    store.expect_together(&["revoked", "user u-1"]);
    let world = World::of(store);
    for _ in ["first", "again"] {
        assert_eq!(world.ask().await, Ok("u-1".to_owned()));
        let heard = world.store.heard();
        assert_eq!(heard, ["find", "revoked", "user u-1"]);
        world.source.epoch.advance();
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_use_is_asked_for_where_a_session_can_be_idle() {
    let of_record = r#","idle_timeout":"30m""#;
    let minute = Some(Duration::from_secs(60));
    let cases: [(_, _, &[&'static str], &[&str]); 4] = [
        (None, "", &[], &["find", "user u-1"]),
        (minute, "", &["find", "seen"], &["find", "seen", "user u-1"]),
        (
            None,
            of_record,
            &["user u-1", "seen"],
            &["find", "user u-1", "seen"],
        ),
        (
            minute,
            of_record,
            &["find", "seen"],
            &["find", "seen", "user u-1"],
        ),
    ];
    for (of_source, of_record, together, expected) in cases {
        let mut store = Scripted {
            idle_timeout: of_source,
            ..Scripted::default()
        };
        store.record("u-1", of_record);
        if !together.is_empty() {
            store.expect_together(together);
        }
        let world = World::of(store);
        world.store.is_seen(Now::read().wall);
        assert_eq!(world.ask().await, Ok("u-1".to_owned()));
        assert_eq!(world.store.heard(), expected);
    }
}

#[tokio::test]
async fn the_last_use_decides_whether_a_session_is_idle() {
    for (seen, expected) in [
        (UnixMillis(0), Err(Some(Ending::Idle))),
        (Now::read().wall, Ok("u-1".to_owned())),
    ] {
        let store = Scripted {
            idle_timeout: Some(Duration::from_secs(600)),
            ..Scripted::default()
        };
        let world = World::of(store);
        world.store.is_seen(seen);
        assert_eq!(world.ask().await, expected, "{seen:?}");
    }
}

const NOTHING: [&str; 0] = [];
const KEEPS: Mark = Ok(None);
const REVOKED: Mark = Ok(Some(UnixMillis::MAX));

/// `not_before`, or no answer.
type Mark = Result<Option<UnixMillis>, StoreFault>;

struct World {
    store: Arc<Scripted>,
    source: Arc<Source>,
    resolver: Resolver,
}

impl World {
    fn of(store: Scripted) -> Self {
        if store.record.lock().expect("no panic").is_none() {
            store.record("u-1", "");
        }
        let (now, store) = (Now::read(), Arc::new(store));
        let metrics = Metrics::new().expect("metrics");
        let source = Arc::new(Source {
            name: "main".to_owned(),
            fingerprint: 7,
            handle: None,
            cookies: Box::default(),
            store: Arc::clone(&store) as Arc<dyn Administration>,
            idle_timeout: store.idle_timeout,
            epoch: Arc::new(Epoch::default()),
            metrics: SourceMetrics::new(&metrics, "main"),
        });
        let (sources, policy) = (vec![Arc::clone(&source)], CachePolicy::default());
        Self {
            resolver: Resolver::new(sources, [].into(), policy, &metrics, now),
            store,
            source,
        }
    }

    /// The user, or why there is none.
    async fn ask(&self) -> Result<String, Option<Ending>> {
        let (shown, now) = (Shown::plain("token"), Now::read());
        // On a paused clock this ends as soon as nothing goes on.
        let resolved = timeout(
            Duration::from_secs(1),
            self.resolver.resolve(0, 0, shown, now),
        );
        match resolved
            .await
            .expect("no question waits for another's answer")
        {
            Some(resolved) => match resolved.resolution {
                Resolution::Valid(identity) => Ok(identity.user_id().to_owned()),
                Resolution::Ended(why) => Err(Some(why)),
                _ => Err(None),
            },
            None => panic!("no source"),
        }
    }

    /// Has the session remembered, and out of date.
    async fn load_first(&self) {
        let together = self.store.together.lock().expect("no panic").take();
        assert_eq!(self.ask().await, Ok("u-1".to_owned()));
        *self.store.together.lock().expect("no panic") = together;
        self.store.heard();
        self.source.epoch.advance();
        // And the source is back: a failure is bridged by nothing that was known before.
        self.source.epoch.vouch();
    }
}

/// A store of one token, which notes what it is asked.
#[derive(Default)]
struct Scripted {
    carries: bool,
    idle_timeout: Option<Duration>,
    record: Mutex<Option<StoredSession>>,
    seen: Mutex<Option<UnixMillis>>,
    marks: Mutex<HashMap<String, Mark>>,
    heard: Mutex<Vec<String>>,
    /// None of these questions is answered before all are asked.
    together: Mutex<Option<(&'static [&'static str], Arc<Barrier>)>>,
}

impl Scripted {
    fn expect_together(&mut self, questions: &'static [&'static str]) {
        let all_asked = Arc::new(Barrier::new(questions.len()));
        self.together = Mutex::new(Some((questions, all_asked)));
    }

    fn record(&self, user_id: &str, more: &str) {
        let record =
            format!(r#"{{"v":1,"user_id":"{user_id}","created_at":"2020-01-01T00:00:00Z"{more}}}"#);
        let session = decode_native(record.as_bytes()).expect("a good record");
        *self.record.lock().expect("no panic") = Some(StoredSession::new(session, None));
    }

    fn mark(&self, user_id: &str, mark: Mark) {
        let mut marks = self.marks.lock().expect("no panic");
        marks.insert(user_id.to_owned(), mark);
    }

    fn is_seen(&self, at: UnixMillis) {
        *self.seen.lock().expect("no panic") = Some(at);
    }

    /// What was asked since this was last called.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().expect("no panic"))
    }

    async fn hear(&self, question: String) {
        let together = self.together.lock().expect("no panic").clone();
        let together = together.filter(|(all, _)| all.contains(&&*question));
        self.heard.lock().expect("no panic").push(question);
        if let Some((_, all_asked)) = together {
            all_asked.wait().await;
        }
    }
}

#[async_trait]
impl SessionStore for Scripted {
    async fn find(&self, _: &Credential, _: Now) -> Result<Option<StoredSession>, LookupError> {
        self.hear("find".to_owned()).await;
        let mut record = self.record.lock().expect("no panic").clone();
        if let Some(record) = record.as_mut().filter(|_| self.carries) {
            record.carried = Some(Carried::Vouched);
        }
        Ok(record)
    }

    async fn find_again(
        &self,
        _: &SessionKey,
        _: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        Ok(None)
    }

    fn keeps_records(&self) -> bool {
        !self.carries
    }

    async fn is_revoked(&self, _: TokenDigest, _: Option<&str>) -> Result<bool, LookupError> {
        self.hear("revoked".to_owned()).await;
        Ok(false)
    }

    async fn last_seen(&self, _: TokenDigest) -> Result<Option<UnixMillis>, LookupError> {
        self.hear("seen".to_owned()).await;
        Ok(*self.seen.lock().expect("no panic"))
    }

    async fn user(&self, user_id: &str) -> Result<UserMark, LookupError> {
        self.hear(format!("user {user_id}")).await;
        let mark = self.marks.lock().expect("no panic").get(user_id).copied();
        match mark.unwrap_or(KEEPS) {
            Ok(not_before) => Ok(UserMark {
                not_before,
                disabled: false,
            }),
            Err(kind) => Err(LookupError::Store(StoreError {
                kind,
                detail: "scripted".into(),
            })),
        }
    }

    async fn seen(&self, _: TokenDigest, _: UnixMillis, _: UnixMillis) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end(&self, _: &Credential) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_up(&self) -> bool {
        true
    }
}

/// Nobody administers it.
#[async_trait]
impl Administration for Scripted {
    async fn create(&self, _: NewSession, _: Now) -> Result<(), StoreError> {
        Ok(())
    }

    async fn show(
        &self,
        _: Sid,
        _: Option<&str>,
        _: Now,
    ) -> Result<Search<SessionReport>, LookupError> {
        Ok(Search::Absent)
    }

    async fn list(&self, _: &str, _: Now) -> Result<SessionList, LookupError> {
        Ok(SessionList {
            sessions: Vec::new(),
            is_cut: false,
        })
    }

    async fn revoke(&self, _: &Revocation, _: Now) -> Result<Removal, StoreError> {
        Ok(Removal::default())
    }

    async fn set_disabled(&self, _: &str, _: bool) -> Result<(), StoreError> {
        Ok(())
    }

    fn distrust(&self) {}
}
