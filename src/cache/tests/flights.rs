//! One load per key: who waits, who is turned away, and what a lost load leaves.

use super::world::{Answer, Outcome, World, key};
use crate::cache::{CachePolicy, LoadLimits, Loaded, Lookup};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, yield_now};

/// A world whose loads wait at a gate and count how many began.
#[derive(Clone)]
struct Gated {
    world: Arc<World>,
    gate: Arc<Notify>,
    begun: Arc<AtomicUsize>,
}

impl Gated {
    fn new(max_loads: usize, max_waiters: usize) -> Self {
        let limits = LoadLimits {
            max_loads,
            max_waiters,
        };
        Self {
            world: Arc::new(World::with_limits(CachePolicy::default(), limits)),
            gate: Arc::default(),
            begun: Arc::default(),
        }
    }

    /// A request whose load, if it comes to that, waits for the gate.
    fn request(&self, name: &'static str, answer: Answer) -> JoinHandle<Outcome> {
        let gated = self.clone();
        tokio::spawn(async move {
            let now = gated.world.now;
            let (gate, begun) = (gated.gate, gated.begun);
            let load = move || async move {
                begun.fetch_add(1, Ordering::Relaxed);
                gate.notified().await;
                answer
            };
            let World { cache, epoch, .. } = &*gated.world;
            cache.load(key(name), epoch, now, move || now, load).await
        })
    }

    /// The same as part of a task that is there already.
    async fn load_along(&self, name: &'static str) -> Outcome {
        let World { cache, epoch, now } = &*self.world;
        let load = async {
            self.begun.fetch_add(1, Ordering::Relaxed);
            self.gate.notified().await;
            FOUND
        };
        let clock = || *now;
        cache.load_along(key(name), epoch, *now, clock, load).await
    }

    /// Lets other tasks run until so many loads are in flight, have begun, and so many requests wait.
    async fn settled(&self, loads: usize, waiters: usize) {
        for _ in 0..1_000_000 {
            let stats = self.world.cache.stats();
            let begun = self.begun.load(Ordering::Relaxed);
            if (stats.loads, stats.waiters) == (loads, waiters) && begun >= loads {
                return;
            }
            yield_now().await;
        }
        panic!("{:?}", self.world.cache.stats());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_hundred_requests_are_one_load() {
    let gated = Gated::new(10, 1000);
    let requests: Vec<_> = (0..500).map(|_| gated.request("hot", FOUND)).collect();
    gated.settled(1, 499).await;
    gated.gate.notify_one();
    for request in requests {
        assert_eq!(request.await.expect("no panic"), Lookup::Loaded(1));
    }
    assert_eq!(gated.begun.load(Ordering::Relaxed), 1);
    gated.settled(0, 0).await;
}

#[tokio::test]
async fn a_request_that_missed_before_a_landing_does_not_load_again() {
    let world = World::new(CachePolicy::default());
    let now = world.now;
    assert_eq!(
        world.cache.peek(&key("token"), &world.epoch, now),
        None::<Outcome>
    );
    world.ask("token", FOUND).await;
    let load = || async { panic!("loaded twice") };
    let outcome = world
        .cache
        .load(key("token"), &world.epoch, now, move || now, load);
    assert_eq!(outcome.await, Lookup::Hit(1));
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_cancel_the_load() {
    let gated = Gated::new(10, 10);
    let leader = gated.request("token", FOUND);
    gated.settled(1, 0).await;
    let follower = gated.request("token", FOUND);
    gated.settled(1, 1).await;
    leader.abort();
    assert!(leader.await.expect_err("aborted").is_cancelled());
    gated.gate.notify_one();
    assert_eq!(follower.await.expect("no panic"), Lookup::Loaded(1));
    gated.settled(0, 0).await;
}

#[tokio::test]
async fn a_waiter_that_goes_away_gives_its_seat_back() {
    let gated = Gated::new(10, 1);
    let leader = gated.request("token", FOUND);
    gated.settled(1, 0).await;
    let follower = gated.request("token", FOUND);
    gated.settled(1, 1).await;
    follower.abort();
    gated.settled(1, 0).await;
    gated.gate.notify_one();
    assert_eq!(leader.await.expect("no panic"), Lookup::Loaded(1));
}

#[tokio::test]
async fn a_load_that_panics_frees_its_key() {
    let world = World::new(CachePolicy::default());
    let now = world.now;
    let load = || async { panic!("a bug in a load") };
    let outcome: Outcome = world
        .cache
        .load(key("token"), &world.epoch, now, move || now, load)
        .await;
    assert_eq!(outcome, Lookup::Aborted);
    assert_eq!(world.cache.stats().loads, 0);
    assert_eq!(world.ask("token", FOUND).await, Lookup::Loaded(1));
}

#[tokio::test]
async fn a_load_without_a_task_of_its_own_is_waited_for_as_well() {
    let gated = Gated::new(10, 10);
    let (leader, follower, ()) = tokio::join!(
        gated.load_along("token"),
        gated.request("token", FOUND),
        async {
            gated.settled(1, 1).await;
            gated.gate.notify_one();
        }
    );
    assert_eq!(leader, Lookup::Loaded(1));
    assert_eq!(follower.expect("no panic"), Lookup::Loaded(1));
    assert_eq!(gated.begun.load(Ordering::Relaxed), 1);
    gated.settled(0, 0).await;
}

#[tokio::test]
async fn a_load_without_a_task_of_its_own_frees_its_key_when_it_is_dropped() {
    let gated = Gated::new(10, 10);
    let mut follower = None;
    tokio::select! {
        biased;
        _ = gated.load_along("token") => panic!("nobody opens the gate"),
        () = async {
            gated.settled(1, 0).await;
            follower = Some(gated.request("token", FOUND));
            gated.settled(1, 1).await;
        } => {}
    }
    let follower = follower.expect("asked by now").await;
    assert_eq!(follower.expect("no panic"), Lookup::Aborted);
    gated.settled(0, 0).await;
    assert_eq!(gated.world.ask("token", FOUND).await, Lookup::Loaded(1));
}

#[tokio::test]
async fn past_the_bounds_requests_are_turned_away_at_once() {
    let gated = Gated::new(1, 1);
    let leader = gated.request("token", FOUND);
    gated.settled(1, 0).await;
    let follower = gated.request("token", FOUND);
    gated.settled(1, 1).await;
    for (name, why) in [("token", "no seat"), ("another", "no load")] {
        let outcome = gated.request(name, FOUND).await.expect("no panic");
        assert_eq!(outcome, Lookup::Overloaded, "{why}");
    }
    gated.gate.notify_one();
    for request in [leader, follower] {
        assert_eq!(request.await.expect("no panic"), Lookup::Loaded(1));
    }
    gated.settled(0, 0).await;
}

#[tokio::test]
async fn an_overloaded_node_serves_a_known_session_stale() {
    let outcome = overloaded(|world| world.advance(Duration::from_secs(61))).await;
    assert_eq!(outcome, Lookup::Stale(1));
}

#[tokio::test]
async fn an_overloaded_node_bridges_an_outage_and_not_what_came_after_it() {
    let away = overloaded(|world| world.epoch.advance()).await;
    assert_eq!(away, Lookup::Stale(1), "the source is away");
    let back = overloaded(|world| {
        world.epoch.advance();
        world.epoch.vouch();
    });
    assert_eq!(
        back.await,
        Lookup::Overloaded,
        "it may have been revoked unseen"
    );
}

/// What a request for a known session is told on a node that cannot ask, after this has happened.
async fn overloaded(happen: impl FnOnce(&mut World)) -> Outcome {
    let limits = LoadLimits {
        max_loads: 1,
        max_waiters: 0,
    };
    let mut world = World::with_limits(CachePolicy::default(), limits);
    world.epoch.vouch();
    world.ask("known", FOUND).await;
    happen(&mut world);
    let gated = Gated {
        world: Arc::new(world),
        gate: Arc::default(),
        begun: Arc::default(),
    };
    let busy = gated.request("another", FOUND);
    gated.settled(1, 0).await;
    let known = gated.request("known", FOUND).await.expect("no panic");
    busy.abort();
    known
}

const FOUND: Answer = Loaded::Found {
    value: 1,
    expires_at: None,
    backing: None,
};
