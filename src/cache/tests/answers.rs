//! Which answer follows which, one request at a time.

use super::world::{Answer, Outcome, World, holding, key};
use crate::cache::{CachePolicy, Epoch, Loaded, Lookup};
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Answer = Loaded::Failed("store down");

#[tokio::test]
async fn a_session_through_its_life() {
    let steps: [(&str, Duration, Answer, Outcome); 11] = [
        (
            "first request loads",
            Duration::ZERO,
            found(1),
            Lookup::Loaded(1),
        ),
        (
            "trusted for 90 % of the ttl at least",
            53 * SECOND,
            DOWN,
            Lookup::Hit(1),
        ),
        (
            "asked again after the ttl",
            8 * SECOND,
            found(2),
            Lookup::Loaded(2),
        ),
        ("then trusted again", SECOND, DOWN, Lookup::Hit(2)),
        (
            "stale when the store is down",
            60 * SECOND,
            DOWN,
            Lookup::Stale(2),
        ),
        (
            "not asked again in the pause",
            SECOND / 2,
            found(3),
            Lookup::Stale(2),
        ),
        ("asked after the pause", SECOND, found(3), Lookup::Loaded(3)),
        (
            "fresh again, no longer stale",
            SECOND / 2,
            DOWN,
            Lookup::Hit(3),
        ),
        (
            "stale window over",
            361 * SECOND,
            DOWN,
            Lookup::Failed("store down"),
        ),
        (
            "a failure is not remembered",
            Duration::ZERO,
            found(4),
            Lookup::Loaded(4),
        ),
        ("revoked", 61 * SECOND, Loaded::Absent, Lookup::Absent),
    ];
    let mut world = World::new(CachePolicy::default());
    for (name, pass, answer, expected) in steps {
        world.advance(pass);
        assert_eq!(world.ask("token", answer).await, expected, "{name}");
    }
}

/// A name, what the source's feed brings, and what a known session is told when the source then cannot say.
type Loss = (&'static str, fn(&World), Outcome);

#[tokio::test]
async fn a_source_that_cannot_say_is_bridged_while_it_is_away_and_has_not_said_that_all_is_gone() {
    let cases: [Loss; 4] = [
        ("away", |world| world.epoch.advance(), Lookup::Stale(1)),
        (
            "back",
            |world| {
                world.epoch.advance();
                world.epoch.vouch();
            },
            Lookup::Failed("store down"),
        ),
        (
            "back and away again",
            |world| {
                world.epoch.advance();
                world.epoch.vouch();
                world.epoch.advance();
            },
            Lookup::Stale(1),
        ),
        (
            "emptied, then away",
            |world| {
                world.epoch.advance();
                world.epoch.empty();
                world.epoch.vouch();
                world.epoch.advance();
            },
            Lookup::Failed("store down"),
        ),
    ];
    for (name, happen, expected) in cases {
        let world = World::new(CachePolicy::default());
        world.epoch.vouch();
        world.ask("token", found(1)).await;
        happen(&world);
        assert_eq!(world.ask("token", DOWN).await, expected, "{name}");
    }
}

#[tokio::test]
async fn an_absence_is_remembered_for_negative_ttl() {
    let mut world = World::new(CachePolicy::default());
    assert_eq!(world.ask("token", Loaded::Absent).await, Lookup::Absent);
    world.advance(Duration::from_millis(1999));
    assert_eq!(world.ask("token", found(1)).await, Lookup::KnownAbsent);
    world.advance(Duration::from_millis(1));
    assert_eq!(world.ask("token", found(1)).await, Lookup::Loaded(1));
    assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(1));
}

#[tokio::test]
async fn a_negative_ttl_of_zero_remembers_no_absence() {
    let policy = CachePolicy {
        negative_ttl: Duration::ZERO,
        ..CachePolicy::default()
    };
    let world = World::new(policy);
    assert_eq!(world.ask("token", Loaded::Absent).await, Lookup::Absent);
    assert_eq!(world.ask("token", found(1)).await, Lookup::Loaded(1));
    assert_eq!(world.cache.stats().absences.entries, 0);
}

#[tokio::test]
async fn a_broken_record_is_neither_remembered_nor_served_stale() {
    let mut world = World::new(CachePolicy::default());
    world.ask("token", found(1)).await;
    world.advance(61 * SECOND);
    let broken = Loaded::Broken("not JSON");
    assert_eq!(world.ask("token", broken).await, Lookup::Failed("not JSON"));
    assert_eq!(world.ask("token", DOWN).await, Lookup::Failed("store down"));
    assert_eq!(world.cache.stats().sessions.entries, 0);
}

#[tokio::test]
async fn an_expired_session_is_never_served_whatever_the_store_says() {
    let mut world = World::new(CachePolicy::default());
    let answer = world.found(1, Some(5000));
    world.ask("token", answer).await;
    world.advance(Duration::from_millis(4999));
    assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(1));
    world.advance(Duration::from_millis(1));
    world.shift_wall(-3_600_000);
    assert_eq!(world.ask("token", DOWN).await, Lookup::Failed("store down"));
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_loaded_is_absent() {
    let world = World::new(CachePolicy::default());
    let answer = world.found(1, Some(200));
    let landed = world.now.after(Duration::from_millis(200));
    let load = || async { answer };
    let outcome = world
        .cache
        .load(key("token"), &world.epoch, world.now, move || landed, load);
    assert_eq!(outcome.await, Lookup::Absent);
    assert_eq!(world.cache.stats().sessions.entries, 0);
}

#[tokio::test]
async fn a_spray_of_unknown_tokens_pushes_no_session_out() {
    let world = World::new(holding(64));
    for number in 0..64 {
        world.ask(&format!("session {number}"), found(number)).await;
    }
    for number in 0..1000 {
        world.ask(&format!("spray {number}"), Loaded::Absent).await;
    }
    let stats = world.cache.stats();
    assert_eq!((stats.sessions.entries, stats.absences.entries), (64, 8));
    for number in 0..64 {
        let outcome = world.ask(&format!("session {number}"), DOWN).await;
        assert_eq!(outcome, Lookup::Hit(number));
    }
}

fn found(value: u32) -> Answer {
    Loaded::Found {
        value,
        expires_at: None,
        backing: None,
    }
}

#[tokio::test]
async fn an_answer_whose_changes_ought_to_be_told_and_are_not_is_trusted_for_ten_seconds() {
    let mut world = World::new(CachePolicy::default());
    world.epoch = Arc::new(Epoch::wanted());
    world.ask("token", found(1)).await;
    world.advance(8 * SECOND);
    assert_eq!(world.ask("token", DOWN).await, Lookup::Hit(1));
    world.advance(2 * SECOND);
    assert_eq!(world.ask("token", found(2)).await, Lookup::Loaded(2));
    world.epoch.vouch();
    world.ask("other", found(3)).await;
    world.advance(50 * SECOND);
    assert_eq!(world.ask("other", DOWN).await, Lookup::Hit(3));
}
