//! Random requests, answers, announcements and clocks against a sequential model of what may be served.

use super::world::{Answer, Outcome, World, holding, key};
use crate::cache::{CachePolicy, Loaded, Lookup};
use crate::clock::{Now, UnixMillis};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{prop_assert, prop_assert_eq};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const TTL: Duration = Duration::from_secs(10);
const NEGATIVE_TTL: Duration = Duration::from_secs(2);
const STALE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
enum Step {
    Ask {
        name: u8,
        answer: Reply,
        /// Comes between the question and the answer, if the source is asked.
        meanwhile: Option<News>,
    },
    Hear {
        name: u8,
        news: News,
    },
    Pass {
        ms: u64,
    },
    ShiftWall {
        by_ms: i64,
    },
}

/// What the source's feed brings.
#[derive(Clone, Copy, Debug)]
enum News {
    /// The name of the step was invalidated.
    Invalidated,
    /// The feed was lost, or is back.
    NewEpoch,
}

#[derive(Clone, Debug)]
enum Reply {
    Found { life_ms: Option<u64> },
    Absent,
    Broken,
    Failed,
}

/// What the source last said about one name.
enum Said {
    Session(Known),
    Absent { asked: Instant },
    Nothing,
}

struct Known {
    value: u32,
    asked: Instant,
    /// On both clocks, as they stood when the source was asked.
    ends: Option<(Instant, UnixMillis)>,
    failed_at: Option<Instant>,
    is_of_this_epoch: bool,
    /// It has been of no use at some time: it may have made room, even if the wall clock was set back since.
    may_be_gone: bool,
}

impl Known {
    fn new(value: u32, life: Option<Duration>, now: Now) -> Self {
        Self {
            value,
            asked: now.mono,
            ends: life.map(|life| (now.mono + life, now.wall.after(life))),
            failed_at: None,
            is_of_this_epoch: true,
            may_be_gone: false,
        }
    }

    fn has_ended(&self, now: Now) -> bool {
        self.ends
            .is_some_and(|(mono, wall)| now.mono >= mono || now.wall >= wall)
    }
}

impl Said {
    fn see(&mut self, now: Now) {
        if let Self::Session(known) = self {
            known.may_be_gone |= known.has_ended(now);
        }
    }

    /// What counts of it in the next epoch: a session that must be confirmed, no absence.
    fn next_epoch(&mut self) {
        match self {
            Self::Session(known) => {
                known.failed_at = None;
                known.is_of_this_epoch = false;
            }
            Self::Absent { .. } | Self::Nothing => *self = Self::Nothing,
        }
    }
}

/// One answered request.
struct Asked {
    answer: Reply,
    meanwhile: Option<News>,
    value: u32,
    outcome: Outcome,
    /// Whether the source was asked at all.
    is_loaded: bool,
}

#[test]
fn nothing_is_served_that_the_rules_forbid() {
    check(3, |_, _| Ok(()));
}

#[test]
fn with_room_for_all_nothing_trusted_is_asked_for_again() {
    check(1000, |outcome, required| {
        if let Some(required) = required {
            prop_assert_eq!(outcome, required);
        }
        Ok(())
    });
}

fn check(
    max_entries: usize,
    also: impl Fn(&Outcome, Option<&Outcome>) -> Result<(), TestCaseError> + Copy,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers");
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&vec(step(), 1..60), |steps| {
            runtime.block_on(walk(max_entries, steps, also))
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

async fn walk(
    max_entries: usize,
    steps: Vec<Step>,
    also: impl Fn(&Outcome, Option<&Outcome>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut world = World::new(CachePolicy {
        ttl: TTL,
        negative_ttl: NEGATIVE_TTL,
        stale_if_error: STALE,
        ..holding(max_entries)
    });
    let mut said: HashMap<u8, Said> = HashMap::new();
    for (value, step) in (0..).zip(steps) {
        match step {
            Step::Pass { ms } => world.advance(Duration::from_millis(ms)),
            Step::ShiftWall { by_ms } => world.shift_wall(by_ms),
            Step::Hear { name, news } => {
                hear(&world, name, news);
                believe(&mut said, name, news);
            }
            Step::Ask {
                name,
                answer,
                meanwhile,
            } => {
                let known = said.entry(name).or_insert(Said::Nothing);
                let required = required(known, world.now);
                let asked = ask(&world, name, value, answer, meanwhile).await;
                also(&asked.outcome, required.as_ref())?;
                judge(known, &asked, world.now)?;
                if let Some(news) = meanwhile.filter(|_| asked.is_loaded) {
                    believe(&mut said, name, news);
                }
            }
        }
        said.values_mut().for_each(|said| said.see(world.now));
        let stats = world.cache.stats();
        prop_assert!(stats.sessions.entries <= max_entries);
        prop_assert!(stats.absences.entries <= (max_entries / 8).max(1));
        prop_assert_eq!((stats.loads, stats.waiters), (0, 0));
    }
    Ok(())
}

async fn ask(world: &World, name: u8, value: u32, answer: Reply, meanwhile: Option<News>) -> Asked {
    let is_loaded = Arc::new(AtomicBool::new(false));
    let reply = reply(world, value, &answer);
    let load = {
        let (world, is_loaded) = (world.clone(), Arc::clone(&is_loaded));
        move || async move {
            is_loaded.store(true, Ordering::Relaxed);
            if let Some(news) = meanwhile {
                hear(&world, name, news);
            }
            reply
        }
    };
    let outcome = world.ask_by(&name.to_string(), load).await;
    Asked {
        answer,
        meanwhile,
        value,
        outcome,
        is_loaded: is_loaded.load(Ordering::Relaxed),
    }
}

fn hear(world: &World, name: u8, news: News) {
    match news {
        News::Invalidated => _ = world.cache.invalidate(&key(&name.to_string())),
        News::NewEpoch => world.epoch.advance(),
    }
}

fn believe(said: &mut HashMap<u8, Said>, name: u8, news: News) {
    match news {
        News::Invalidated => {
            said.insert(name, Said::Nothing);
        }
        News::NewEpoch => said.values_mut().for_each(Said::next_epoch),
    }
}

/// The one right outcome while trust certainly lasts: jitter may take a tenth off, never more.
fn required(said: &Said, now: Now) -> Option<Outcome> {
    match said {
        Said::Session(known)
            if known.failed_at.is_none()
                && known.is_of_this_epoch
                && !known.may_be_gone
                && !known.has_ended(now) =>
        {
            (now.mono < known.asked + TTL * 9 / 10).then_some(Lookup::Hit(known.value))
        }
        Said::Absent { asked } => (now.mono < *asked + NEGATIVE_TTL).then_some(Lookup::KnownAbsent),
        Said::Session(_) | Said::Nothing => None,
    }
}

/// Whether the outcome may follow what the source said before; then what it has said now.
fn judge(said: &mut Said, asked: &Asked, now: Now) -> Result<(), TestCaseError> {
    match (&asked.outcome, &mut *said) {
        (Lookup::Hit(served), Said::Session(known)) => {
            prop_assert_eq!(*served, known.value);
            prop_assert!(!known.has_ended(now), "served past its end");
            prop_assert!(now.mono < known.asked + TTL, "trusted past the ttl");
            prop_assert!(known.failed_at.is_none(), "a failure confirmed it");
            prop_assert!(known.is_of_this_epoch, "nothing vouches for it");
            prop_assert!(!asked.is_loaded);
        }
        (Lookup::Stale(served), Said::Session(known)) => {
            prop_assert_eq!(*served, known.value);
            prop_assert!(!known.has_ended(now), "served stale past its end");
            prop_assert!(
                now.mono < known.asked + TTL + STALE,
                "past the stale window"
            );
            if asked.is_loaded {
                prop_assert!(matches!(asked.answer, Reply::Failed), "it did not fail");
                let may_survive = !matches!(asked.meanwhile, Some(News::Invalidated));
                prop_assert!(may_survive, "served after it was invalidated");
                known.failed_at = Some(now.mono);
                known.is_of_this_epoch = true;
            } else {
                let pause = Duration::from_secs(1);
                let in_pause = known.failed_at.is_some_and(|at| now.mono < at + pause);
                prop_assert!(in_pause, "not asked");
            }
        }
        (Lookup::KnownAbsent, Said::Absent { asked: since }) => {
            prop_assert!(now.mono < *since + NEGATIVE_TTL);
            prop_assert!(!asked.is_loaded);
        }
        (Lookup::Loaded(served), _) => {
            prop_assert_eq!(*served, asked.value);
            let Reply::Found { life_ms } = asked.answer else {
                return Err(TestCaseError::fail("loaded what was not found"));
            };
            prop_assert!(life_ms != Some(0), "loaded what had ended");
            let life = life_ms.map(Duration::from_millis);
            let loaded = Known::new(asked.value, life, now);
            if asked.meanwhile.is_none() {
                *said = Said::Session(loaded);
            }
        }
        (Lookup::Absent, _) => {
            let ended = matches!(asked.answer, Reply::Found { life_ms: Some(0) });
            prop_assert!(ended || matches!(asked.answer, Reply::Absent));
            *said = Said::Absent { asked: now.mono };
        }
        (Lookup::Failed("broken"), _) => *said = Said::Nothing,
        (Lookup::Failed("failed"), _) => {}
        (outcome, _) => return Err(TestCaseError::fail(format!("{outcome:?} out of nothing"))),
    }
    Ok(())
}

fn reply(world: &World, value: u32, answer: &Reply) -> Answer {
    match *answer {
        Reply::Found { life_ms } => world.found(value, life_ms),
        Reply::Absent => Loaded::Absent,
        Reply::Broken => Loaded::Broken("broken"),
        Reply::Failed => Loaded::Failed("failed"),
    }
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        3 => any::<bool>().prop_flat_map(|ends| {
            let life_ms = if ends { (0..20_000_u64).prop_map(Some).boxed() } else { Just(None).boxed() };
            life_ms.prop_map(|life_ms| Reply::Found { life_ms })
        }),
        1 => Just(Reply::Absent),
        1 => Just(Reply::Broken),
        3 => Just(Reply::Failed),
    ];
    let meanwhile = prop_oneof![4 => Just(None), 1 => news().prop_map(Some)];
    prop_oneof![
        6 => (0..6_u8, answer, meanwhile).prop_map(|(name, answer, meanwhile)| {
            Step::Ask { name, answer, meanwhile }
        }),
        1 => (0..6_u8, news()).prop_map(|(name, news)| Step::Hear { name, news }),
        3 => prop_oneof![0..1500_u64, 0..15_000_u64].prop_map(|ms| Step::Pass { ms }),
        1 => (-20_000..20_000_i64).prop_map(|by_ms| Step::ShiftWall { by_ms }),
    ]
}

fn news() -> impl Strategy<Value = News> {
    prop_oneof![3 => Just(News::Invalidated), 1 => Just(News::NewEpoch)]
}
