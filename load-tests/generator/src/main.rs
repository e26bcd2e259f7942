//! `sessiongate-load`: a load generator for the gateway. HTTP/1.1 with keep-alive, open loop or flat out, and every
//! answer checked.
//!
//! ```text
//! sessiongate-load --target 127.0.0.1:8080 --host app.test --rate 2000 --arrival poisson \
//!     --tokens tokens.tsv --zipf 1.0 --unknown 0.1 --forged 0.05 --echo-header X-Echo-User --pid gateway=1234
//! ```
//!
//! * **Open loop** (`--rate`): each request has an intended start that no slow answer moves, and its latency counts from
//!   there. What the generator itself was late by is reported as send lag: where that is large, so was the load on it.
//! * **Closed loop** (`--closed`): each connection asks again at once. For CPU time per request, not for latency.
//! * The upstream echoes the identity it received in a header of its answer: a request that was taken for somebody else,
//!   or for nobody, is counted as wrong, and the run fails.
//!
//! In reading order: [`args`] and [`plan`] are what to do, [`schedule`] and [`turns`] when, [`mix`], [`tokens`] and
//! [`request`] what to ask, [`connection`] and [`response`] the asking, [`verdict`] whether the answer was right,
//! [`tally`] what is counted, [`worker`] and [`run`] the loop, [`process`] CPU time, [`report`] the result.

mod args;
mod clock;
mod connection;
mod mix;
mod plan;
mod process;
mod report;
mod request;
mod response;
mod run;
mod schedule;
mod tally;
mod tokens;
mod turns;
mod verdict;
mod worker;

use args::Args;
use clap::Parser;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match perform(&Args::parse()) {
        Ok(code) => code,
        Err(fault) => {
            // Nobody is left to tell that stderr is closed.
            let _ = writeln!(io::stderr(), "sessiongate-load: {fault}");
            ExitCode::from(2)
        }
    }
}

fn perform(args: &Args) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let started_unix = clock::unix_nanoseconds() / 1_000_000_000;
    let plan = plan::Plan::compile(args)?;
    let outcome = run::run(plan)?;
    let report = report::Report::new(args, started_unix, &outcome);
    write!(io::stdout(), "{report}")?;
    if let Some(file) = &args.json {
        std::fs::write(file, report.to_json()?)?;
    }
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
