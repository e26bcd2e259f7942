//! Requests and announcements from several threads: nothing that was announced is served again.

use super::world::key;
use crate::cache::{CachePolicy, Epoch, LoadLimits, Loaded, Lookup, SessionCache};
use crate::clock::Now;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const NAMES: [&str; 3] = ["one", "two", "three"];
const ROUNDS: usize = 3000;

/// What the source says of a key, as a version: an even one is a session, an odd one is none.
struct Truth {
    name: &'static str,
    version: AtomicU64,
    /// The last version whose invalidation has returned.
    announced: AtomicU64,
}

struct World {
    cache: SessionCache<u64, ()>,
    epoch: Arc<Epoch>,
    truths: [Arc<Truth>; NAMES.len()],
    now: Now,
}

impl World {
    fn new() -> Self {
        let now = Now::read();
        let truth = |name| Truth {
            name,
            version: AtomicU64::new(0),
            announced: AtomicU64::new(0),
        };
        Self {
            cache: SessionCache::new(CachePolicy::default(), LoadLimits::default(), now),
            epoch: Arc::default(),
            truths: NAMES.map(|name| Arc::new(truth(name))),
            now,
        }
    }

    async fn request(&self, truth: &Arc<Truth>) -> Lookup<u64, ()> {
        let (key, now) = (key(truth.name), self.now);
        if let Some(known) = self.cache.peek(&key, &self.epoch, now) {
            return known;
        }
        let truth = Arc::clone(truth);
        let load = move || async move {
            tokio::task::yield_now().await;
            let version = truth.version.load(Ordering::SeqCst);
            tokio::task::yield_now().await;
            if version % 2 == 1 {
                return Loaded::Absent;
            }
            Loaded::Found {
                value: version,
                expires_at: None,
                backing: None,
            }
        };
        self.cache
            .load(key, &self.epoch, now, move || now, load)
            .await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_older_than_an_announcement_is_served_to_a_later_request() {
    let world = Arc::new(World::new());
    let mut tasks = Vec::new();
    for truth in &world.truths {
        tasks.push(tokio::spawn(write(Arc::clone(&world), Arc::clone(truth))));
        for _ in 0..3 {
            tasks.push(tokio::spawn(read(Arc::clone(&world), Arc::clone(truth))));
        }
    }
    for task in tasks {
        task.await.expect("every promise is kept");
    }
    for truth in &world.truths {
        let version = truth.version.load(Ordering::SeqCst);
        check(&world.request(truth).await, version, version);
    }
}

/// The one who writes a key knows what its peek may find right after the invalidation: only what is true now.
async fn write(world: Arc<World>, truth: Arc<Truth>) {
    let key = key(truth.name);
    for round in 0..ROUNDS {
        let version = truth.version.fetch_add(1, Ordering::SeqCst) + 1;
        world.cache.invalidate(&key);
        truth.announced.store(version, Ordering::SeqCst);
        if let Some(known) = world.cache.peek(&key, &world.epoch, world.now) {
            check(&known, version, version);
        }
        if round % 16 == 0 {
            world.epoch.advance();
        }
        for _ in 0..round % 8 {
            tokio::task::yield_now().await;
        }
    }
}

async fn read(world: Arc<World>, truth: Arc<Truth>) {
    for _ in 0..ROUNDS {
        let floor = truth.announced.load(Ordering::SeqCst);
        let outcome = world.request(&truth).await;
        let ceiling = truth.version.load(Ordering::SeqCst);
        check(&outcome, floor, ceiling);
        tokio::task::yield_now().await;
    }
}

/// An absence has no version to show, so it may be of any odd one between the two.
fn check(outcome: &Lookup<u64, ()>, floor: u64, ceiling: u64) {
    let may_be = match *outcome {
        Lookup::Hit(version) | Lookup::Loaded(version) => (floor..=ceiling).contains(&version),
        Lookup::KnownAbsent | Lookup::Absent => floor < ceiling || floor % 2 == 1,
        Lookup::KnownEnded(_) | Lookup::Ended(_) => false,
        Lookup::Stale(_) | Lookup::Failed(()) | Lookup::Overloaded | Lookup::Aborted => false,
    };
    assert!(may_be, "{outcome:?} between {floor} and {ceiling}");
}
