//! What hangs on a tie is over when it is cut, however it came to be known.

use super::world::{Answer, Asked, World, key};
use crate::cache::{
    Backing, CachePolicy, Ending, Epoch, LoadLimits, Loaded, Lookup, Remembered, SessionCache,
};
use crate::clock::{Now, UnixMillis};
use crate::token::TokenDigest;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::yield_now;

const DOWN: Answer = Loaded::Failed("store down");

/// Two names that a session hangs on: its own, and its user's.
const NAMES: [&str; 2] = ["token", "user"];

#[tokio::test]
async fn what_was_known_before_a_cut_is_asked_for_again_and_never_served_stale() {
    for name in NAMES {
        let world = World::new(CachePolicy::default());
        world.ask("token", of_user(&world, 1)).await;
        assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(1));
        cut(&world, name);
        let failed = world.ask("token", DOWN).await;
        assert_eq!(failed, Lookup::Failed("store down"), "{name}");
        let next = world.ask("token", of_user(&world, 2)).await;
        assert_eq!(next, Lookup::Loaded(2), "{name}");
        assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(2), "{name}");
    }
    let world = World::new(CachePolicy::default());
    world.ask("token", of_user(&world, 1)).await;
    cut(&world, "somebody else");
    assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(1));
}

#[tokio::test]
async fn an_ending_is_remembered_until_what_it_rests_on_is_cut() {
    let world = World::new(CachePolicy::default());
    let ended = Loaded::Ended {
        why: Ending::Revoked,
        backing: Some(backing(&world)),
    };
    let first = world.ask("token", ended).await;
    assert_eq!(first, Lookup::Ended(Ending::Revoked));
    let known = world.ask("token", DOWN).await;
    assert_eq!(known, Lookup::KnownEnded(Ending::Revoked));
    cut(&world, "user");
    let next = world.ask("token", of_user(&world, 2)).await;
    assert_eq!(next, Lookup::Loaded(2));
}

#[tokio::test]
async fn a_load_under_way_at_the_cut_is_answered_and_not_kept() {
    for name in NAMES {
        let world = World::new(CachePolicy::default());
        let answer = of_user(&world, 1);
        let old = Asked::of(&world, "token").await;
        cut(&world, name);
        assert_eq!(old.answered(answer).await, Lookup::Loaded(1), "{name}");
        let next = world.ask("token", of_user(&world, 2)).await;
        assert_eq!(next, Lookup::Loaded(2), "{name}");
    }
}

#[tokio::test]
async fn a_request_that_joined_after_the_cut_asks_for_itself() {
    for name in NAMES {
        let world = World::new(CachePolicy::default());
        let answer = of_user(&world, 1);
        let old = Asked::of(&world, "token").await;
        cut(&world, name);
        let fresh = of_user(&world, 2);
        let joined = tokio::spawn({
            let world = world.clone();
            async move { world.ask("token", fresh).await }
        });
        while world.cache.stats().waiters == 0 {
            yield_now().await;
        }
        assert_eq!(old.answered(answer).await, Lookup::Loaded(1), "{name}");
        assert_eq!(joined.await.expect("no panic"), Lookup::Loaded(2), "{name}");
    }
}

/// A value that does something while it is looked at.
#[derive(Clone)]
struct Watched {
    number: u32,
    looked_at: Arc<Mutex<Option<Meanwhile>>>,
}

type Meanwhile = Box<dyn FnOnce() + Send>;

impl Remembered for Watched {
    fn holds(&self, _: UnixMillis) -> bool {
        let meanwhile = self.looked_at.lock().expect("no panic").take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        true
    }
}

#[tokio::test]
async fn what_is_found_known_or_bridges_a_failure_is_not_shared_with_who_comes_after_the_cut() {
    for is_fresh in [true, false] {
        let mut now = Now::read();
        let policy = CachePolicy::default();
        let cache = SessionCache::<Watched, ()>::new(policy, LoadLimits::default(), now);
        let epoch = Arc::<Epoch>::default();
        let looked_at = Arc::<Mutex<Option<Meanwhile>>>::default();
        let found = |number| Loaded::Found {
            value: Watched {
                number,
                looked_at: Arc::clone(&looked_at),
            },
            expires_at: None,
            backing: Some(Backing {
                tie: Some(cache.tie(&key("user"))),
                name: None,
                asked: now,
                trust_for: None,
            }),
        };
        let known = found(1);
        let load = |answer| cache.load(key("token"), &epoch, now, move || now, || async { answer });
        load(known).await;
        if !is_fresh {
            now = now.after(policy.ttl);
        }
        let load = |answer| cache.load(key("token"), &epoch, now, move || now, || async { answer });
        let (joiner, joined) = oneshot::channel();
        let meanwhile = {
            let (cache, epoch) = (cache.clone(), Arc::clone(&epoch));
            move || {
                cache.cut(TokenDigest::of("user").sid().bits());
                let fresh = Loaded::Found {
                    value: Watched {
                        number: 2,
                        looked_at: Arc::default(),
                    },
                    expires_at: None,
                    backing: None,
                };
                let mut asking = Box::pin(async move {
                    let fresh = || async { fresh };
                    cache
                        .load(key("token"), &epoch, now, move || now, fresh)
                        .await
                });
                let mut context = Context::from_waker(Waker::noop());
                assert!(asking.as_mut().poll(&mut context).is_pending(), "it joins");
                assert!(joiner.send(asking).is_ok());
            }
        };
        *looked_at.lock().expect("no panic") = Some(Box::new(meanwhile));
        let first = load(Loaded::Failed(())).await;
        assert!(matches!(first, Lookup::Hit(_) | Lookup::Stale(_)));
        let asking = joined.await.expect("it was looked at");
        let Lookup::Loaded(second) = asking.await else {
            panic!("fresh: {is_fresh}: served what was cut");
        };
        assert_eq!(second.number, 2);
    }
}

#[tokio::test]
async fn an_answer_is_trusted_no_longer_than_what_it_rests_on() {
    let mut world = World::new(CachePolicy::default());
    let user = Some(backing(&world));
    world.advance(Duration::from_secs(50));
    let answer = Loaded::Found {
        value: 1,
        expires_at: None,
        backing: user,
    };
    world.ask("token", answer).await;
    world.advance(Duration::from_secs(3));
    assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(1));
    world.advance(Duration::from_secs(7));
    let next = world.ask("token", of_user(&world, 2)).await;
    assert_eq!(
        next,
        Lookup::Loaded(2),
        "sixty seconds after the user was asked for"
    );
}

#[tokio::test]
async fn a_refresh_loads_once_however_often_it_is_asked_for_and_again_for_news() {
    let world = World::new(CachePolicy::default());
    world.ask("token", of_user(&world, 0)).await;
    let loads = Arc::new(AtomicUsize::new(0));
    for _ in 0..10 {
        world.cache.invalidate(&key("token"));
        let counted = Arc::clone(&loads);
        let load = move || {
            let number = counted.fetch_add(1, Ordering::Relaxed) as u32;
            async move {
                yield_now().await;
                Loaded::Found {
                    value: number,
                    expires_at: None,
                    backing: None,
                }
            }
        };
        let now = Now::read;
        world.cache.refresh(key("token"), &world.epoch, now, load);
        yield_now().await;
    }
    while world.cache.stats().loads > 0 || world.cache.stats().sessions.entries == 0 {
        yield_now().await;
    }
    let made = loads.load(Ordering::Relaxed);
    assert!((1..=10).contains(&made), "{made} loads for ten changes");
    let newest = u32::try_from(made).expect("few") - 1;
    assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(newest));
}

fn cut(world: &World, name: &str) {
    world.cache.cut(TokenDigest::of(name).sid().bits());
}

fn of_user(world: &World, value: u32) -> Answer {
    Loaded::Found {
        value,
        expires_at: None,
        backing: Some(backing(world)),
    }
}

fn backing(world: &World) -> Backing {
    Backing {
        tie: Some(world.cache.tie(&key("user"))),
        name: None,
        asked: world.now,
        trust_for: None,
    }
}
