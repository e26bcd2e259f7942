//! R7, R9: thousands of random operations against a simple model. No identity is told later than the bound that the node
//! itself reports, or than a later question to Redis was answered; no session that lives is refused; no outage logs
//! anybody out. `SESSIONGATE_MODEL_STEPS` and `SESSIONGATE_MODEL_SEED` make longer and other walks.

mod answer;
mod asking;
mod changes;
mod course;
mod dice;
mod history;
mod knowledge;
mod operation;
mod saying;
mod single;
mod site;
mod trouble;
mod truth;
mod walk;
mod watched;

use self::single::Single;
use self::site::Site;
use self::walk::Walk;
use self::watched::Watched;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const STEPS: u64 = 3_000;
/// A failover takes seconds: that walk is shorter by so much.
const FAILOVERS: u64 = 4;
const SEED: u64 = 3;

#[test]
fn a_random_walk_tells_nobody_what_is_no_longer_true() {
    walk(Single::start(), 1);
}

#[test]
fn a_random_walk_over_failovers_tells_nobody_what_is_no_longer_true() {
    walk(Watched::start(), FAILOVERS);
}

#[expect(
    clippy::print_stderr,
    reason = "a failed walk says how to walk it again"
)]
fn walk(site: impl Site, shorter: u64) {
    let (steps, seed) = (
        number("SESSIONGATE_MODEL_STEPS", STEPS),
        number("SESSIONGATE_MODEL_SEED", SEED),
    );
    let mut walk = Walk::new(site, seed);
    let steps_taken = usize::try_from(steps / shorter).expect("fewer steps");
    // The walk is not looked at again: it only stops its processes.
    let walked = catch_unwind(AssertUnwindSafe(|| walk.run(steps_taken)));
    if let Err(failure) = walked {
        eprintln!("again with SESSIONGATE_MODEL_SEED={seed} SESSIONGATE_MODEL_STEPS={steps}");
        resume_unwind(failure);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how far a test goes is no setting of the gateway"
)]
fn number(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
        Err(_) => default,
    }
}
