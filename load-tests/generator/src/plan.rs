//! `Plan`: the command line, understood: files read, shares checked, nothing left to refuse.

use crate::args::Args;
use crate::clock;
use crate::mix::{Fractions, Mix, MixError};
use crate::process::Watched;
use crate::request::{NotForAHead, Template};
use crate::schedule::Arrival;
use crate::tokens::{self, Tokens, TokensError};
use crate::verdict::Expected;
use std::net::SocketAddr;
use std::time::Duration;
use thiserror::Error;

/// All that a run needs to know.
pub(crate) struct Plan {
    pub(crate) target: SocketAddr,
    pub(crate) template: Template,
    pub(crate) mix: Mix,
    pub(crate) expected: Expected,
    pub(crate) pace: Pace,
    pub(crate) connections: usize,
    pub(crate) threads: usize,
    pub(crate) warmup: Duration,
    pub(crate) duration: Duration,
    pub(crate) patience: Duration,
    pub(crate) watched: Vec<Watched>,
    pub(crate) seed: u64,
}

/// What decides when a request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// The clock.
    Open { rate: f64, arrival: Arrival },
    /// The answer before it.
    Closed,
}

/// Settings that contradict themselves.
#[derive(Debug, Error)]
pub(crate) enum PlanError {
    #[error("--rate is more than 0")]
    Rate,
    #[error(
        "--duration is more than 0 seconds, --warmup and --patience are not less, and a day is the most"
    )]
    Seconds,
    #[error("--threads is 1 or more, and --connections not less than that")]
    Connections,
    #[error(transparent)]
    Head(#[from] NotForAHead),
    #[error(transparent)]
    Tokens(#[from] TokensError),
    #[error(transparent)]
    Mix(#[from] MixError),
}

const MAX_SECONDS: f64 = 86_400.0;

impl Plan {
    /// Reads the files that are named.
    pub(crate) fn compile(args: &Args) -> Result<Self, PlanError> {
        if args.threads == 0 || args.connections < args.threads {
            return Err(PlanError::Connections);
        }
        let duration = seconds(args.duration)?;
        if duration.is_zero() {
            return Err(PlanError::Seconds);
        }
        Ok(Self {
            target: args.target,
            template: Template::new(&args.host, &args.path, &args.header, &args.place)?,
            mix: mix(args)?,
            expected: Expected {
                known_status: args.known_status,
                anonymous_status: args.anonymous_status,
                invalid_status: args.invalid_status,
                echo_header: args.echo_header.clone(),
            },
            pace: pace(args)?,
            connections: args.connections,
            threads: args.threads,
            warmup: seconds(args.warmup)?,
            duration,
            patience: seconds(args.patience)?,
            watched: args.pid.clone(),
            seed: args.seed,
        })
    }
}

fn pace(args: &Args) -> Result<Pace, PlanError> {
    let Some(rate) = args.rate else {
        return Ok(Pace::Closed);
    };
    if !rate.is_finite() || rate <= 0.0 {
        return Err(PlanError::Rate);
    }
    let arrival = args.arrival;
    Ok(Pace::Open { rate, arrival })
}

fn mix(args: &Args) -> Result<Mix, PlanError> {
    let known = args.tokens.as_deref().map(tokens::read).transpose()?;
    let known = known.map(|all| {
        if args.in_turn {
            Ok(Tokens::in_turn(all, args.skip))
        } else {
            Tokens::by_zipf(all, args.zipf)
        }
    });
    let expired = args.expired_tokens.as_deref();
    let expired = expired.map(tokens::read).transpose()?;
    let fractions = Fractions {
        forged: args.forged,
        anonymous: args.anonymous,
        unknown: args.unknown,
        expired: args.expired,
    };
    // Not of the seed: what one run asked for is not unknown to the next.
    let nonce = clock::unix_nanoseconds();
    Ok(Mix::new(
        fractions,
        known.transpose()?,
        expired.unwrap_or_default(),
        nonce,
    )?)
}

fn seconds(given: f64) -> Result<Duration, PlanError> {
    if (0.0..=MAX_SECONDS).contains(&given) {
        Ok(Duration::from_secs_f64(given))
    } else {
        Err(PlanError::Seconds)
    }
}
