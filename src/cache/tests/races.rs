//! What happens between a question and its answer, one order of events at a time.

use super::world::{Answer, Asked, Outcome, World, key};
use crate::cache::{CachePolicy, LoadLimits, Loaded, Lookup};
use std::time::Duration;

type Event = (&'static str, fn(&World));

/// What may come between, and the answers it spoils: a session that was revoked, and its mirror image, the login right
/// after a negative lookup.
const EVENTS: [Event; 2] = [("invalidated", invalidate), ("epoch over", new_epoch)];
const ANSWERS: [(Answer, Outcome); 2] = [
    (found(1), Lookup::Loaded(1)),
    (Loaded::Absent, Lookup::Absent),
];

#[tokio::test]
async fn what_is_announced_before_the_answer_makes_it_good_for_its_waiters_only() {
    for (event, happen) in EVENTS {
        for (answer, expected) in ANSWERS {
            let world = World::new(CachePolicy::default());
            let asked = Asked::of(&world, "token").await;
            happen(&world);
            assert_eq!(asked.answered(answer).await, expected, "{event}");
            assert_eq!(entries(&world), (0, 0), "{event}: {expected:?}");
            let next = world.ask("token", found(2)).await;
            assert_eq!(next, Lookup::Loaded(2), "{event}: {expected:?}");
            assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(2), "{event}");
        }
    }
}

#[tokio::test]
async fn what_is_announced_after_the_answer_undoes_it() {
    for (event, happen) in EVENTS {
        for (answer, _) in ANSWERS {
            let world = World::new(CachePolicy::default());
            world.ask("token", answer.clone()).await;
            happen(&world);
            let next = world.ask("token", found(2)).await;
            assert_eq!(next, Lookup::Loaded(2), "{event}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_request_that_comes_afterwards_does_not_wait_for_the_old_load() {
    for (event, happen) in EVENTS {
        let failed = (DOWN, Lookup::Stale(2));
        for (answer, expected) in ANSWERS.into_iter().chain([failed]) {
            let world = World::new(CachePolicy::default());
            let old = Asked::of(&world, "token").await;
            happen(&world);
            let new = Asked::of(&world, "token").await;
            assert_eq!(new.answered(found(2)).await, Lookup::Loaded(2), "{event}");
            assert_eq!(old.answered(answer).await, expected, "{event}");
            let kept = world.ask("token", DOWN).await;
            assert_eq!(kept, Lookup::Hit(2), "{event}: {expected:?} came later");
        }
    }
}

#[tokio::test]
async fn an_old_load_that_lands_first_leaves_the_new_one_alone() {
    for (event, happen) in EVENTS {
        let world = World::new(CachePolicy::default());
        let old = Asked::of(&world, "token").await;
        happen(&world);
        let new = Asked::of(&world, "token").await;
        assert_eq!(old.answered(found(1)).await, Lookup::Loaded(1), "{event}");
        assert_eq!(world.cache.stats().loads, 1, "{event}");
        let follower = tokio::spawn({
            let (cache, epoch, now) = (world.cache.clone(), world.epoch.clone(), world.now);
            let load = || async { panic!("the new load is there to be joined") };
            async move {
                cache
                    .load(key("token"), &epoch, now, move || now, load)
                    .await
            }
        });
        while world.cache.stats().waiters == 0 {
            assert!(!follower.is_finished(), "{event}: it did not join");
            tokio::task::yield_now().await;
        }
        assert_eq!(new.answered(found(2)).await, Lookup::Loaded(2), "{event}");
        let followed = follower.await.expect("no panic");
        assert_eq!(followed, Lookup::Loaded(2), "{event}");
        assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(2), "{event}");
    }
}

#[tokio::test]
async fn loads_that_nobody_can_join_any_more_count_until_they_end() {
    let limits = LoadLimits {
        max_loads: 2,
        max_waiters: 8,
    };
    let world = World::with_limits(CachePolicy::default(), limits);
    let first = Asked::of(&world, "token").await;
    invalidate(&world);
    let second = Asked::of(&world, "token").await;
    invalidate(&world);
    assert_eq!(world.ask("token", found(3)).await, Lookup::Overloaded);
    first.answered(found(1)).await;
    assert_eq!(world.ask("token", found(3)).await, Lookup::Loaded(3));
    second.answered(found(2)).await;
    assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(3));
    let stats = world.cache.stats();
    assert_eq!((stats.loads, stats.invalidations), (0, 2));
}

#[tokio::test]
async fn a_known_session_outlives_the_feed_but_not_its_return() {
    let mut world = World::new(CachePolicy::default());
    world.ask("token", found(1)).await;
    new_epoch(&world);
    let lost = world.ask("token", DOWN).await;
    assert_eq!(lost, Lookup::Stale(1), "feed lost, store down");
    world.advance(Duration::from_millis(500));
    let paused = world.ask("token", found(2)).await;
    assert_eq!(paused, Lookup::Stale(1), "in the pause");
    new_epoch(&world);
    let back = world.ask("token", Loaded::Absent).await;
    assert_eq!(back, Lookup::Absent, "revoked meanwhile, pause or not");
    assert_eq!(world.ask("token", DOWN).await, Lookup::KnownAbsent);
}

#[tokio::test]
async fn a_load_that_fails_with_the_feed_neither_logs_out_nor_pauses() {
    let world = World::new(CachePolicy::default());
    world.ask("token", found(1)).await;
    new_epoch(&world);
    let asked = Asked::of(&world, "token").await;
    new_epoch(&world);
    assert_eq!(asked.answered(DOWN).await, Lookup::Stale(1));
    assert_eq!(world.ask("token", found(2)).await, Lookup::Loaded(2));
}

#[tokio::test]
async fn a_session_found_absent_is_forgotten_although_the_feed_was_lost_meanwhile() {
    for answer in [Loaded::Absent, Loaded::Broken("not JSON")] {
        let world = World::new(CachePolicy::default());
        world.ask("token", found(1)).await;
        new_epoch(&world);
        let asked = Asked::of(&world, "token").await;
        new_epoch(&world);
        asked.answered(answer.clone()).await;
        let outcome = world.ask("token", DOWN).await;
        assert_eq!(outcome, Lookup::Failed("store down"), "{answer:?}");
    }
}

#[tokio::test]
async fn an_invalidation_touches_no_other_key() {
    let world = World::new(CachePolicy::default());
    world.ask("another", found(1)).await;
    let asked = Asked::of(&world, "a third").await;
    invalidate(&world);
    assert_eq!(asked.answered(found(3)).await, Lookup::Loaded(3));
    assert_eq!(world.ask("another", DOWN).await, Lookup::Hit(1));
    assert_eq!(world.ask("a third", DOWN).await, Lookup::Hit(3));
}

fn invalidate(world: &World) {
    world.cache.invalidate(&key("token"));
}

fn new_epoch(world: &World) {
    world.epoch.advance();
}

fn entries(world: &World) -> (usize, usize) {
    let stats = world.cache.stats();
    (stats.sessions.entries, stats.absences.entries)
}

const DOWN: Answer = Loaded::Failed("store down");

const fn found(value: u32) -> Answer {
    Loaded::Found {
        value,
        expires_at: None,
        backing: None,
    }
}
