//! `run`: connects, starts the threads, and reads CPU time at both ends of the window.

use crate::clock;
use crate::plan::Plan;
use crate::process::{Gone, Usage};
use crate::tally::{Tally, Window};
use crate::worker::{Share, work};
use std::collections::BTreeMap;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// What a run has measured.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// Length of the window.
    pub(crate) duration: Duration,
    /// By the name of the process; what was used in the window.
    pub(crate) usage: BTreeMap<String, Usage>,
    /// See [`crate::tokens::Tokens::taken`].
    pub(crate) tokens_taken: Option<(usize, usize)>,
}

/// Why nothing was measured.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("cannot connect to {target}: {fault}")]
    Connect {
        target: std::net::SocketAddr,
        #[source]
        fault: io::Error,
    },
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error("cannot run: {0}")]
    Worker(#[from] io::Error),
    #[error("a thread of the generator died")]
    Died,
}

/// The name of the generator itself among the processes.
pub(crate) const OWN_NAME: &str = "generator";

/// Between the last connection and the first request, for the threads to start.
const RUN_UP: Duration = Duration::from_millis(20);

/// Does what is planned; takes as long as it says.
pub(crate) fn run(plan: Plan) -> Result<Outcome, RunError> {
    let plan = Arc::new(plan);
    usage(&plan)?;
    let shares = connect(&plan)?;
    let origin = clock::now() + RUN_UP;
    let from = origin + plan.warmup;
    let window = Window {
        from,
        to: from + plan.duration,
    };
    let threads: Vec<_> = shares
        .into_iter()
        .enumerate()
        .map(|(thread, streams)| {
            let plan = Arc::clone(&plan);
            let share = Share {
                thread,
                streams,
                origin,
                window,
            };
            thread::spawn(move || work(plan, share))
        })
        .collect();
    sleep_until(window.from);
    let before = usage(&plan)?;
    sleep_until(window.to);
    let mut used = usage(&plan)?;
    for (name, used) in &mut used {
        *used = *used - before.get(name).copied().unwrap_or_default();
    }
    let mut tally = Tally::new();
    for thread in threads {
        tally.add(thread.join().map_err(|_| RunError::Died)??);
    }
    Ok(Outcome {
        tally,
        duration: plan.duration,
        usage: used,
        tokens_taken: plan.mix.taken(),
    })
}

/// Connections dealt out to the threads, all open before the first request.
fn connect(plan: &Plan) -> Result<Vec<Vec<TcpStream>>, RunError> {
    let mut shares: Vec<Vec<TcpStream>> = Vec::new();
    shares.resize_with(plan.threads, Vec::new);
    for number in 0..plan.connections {
        let stream = TcpStream::connect(plan.target).map_err(|fault| RunError::Connect {
            target: plan.target,
            fault,
        })?;
        if let Some(share) = shares.get_mut(number % plan.threads) {
            share.push(stream);
        }
    }
    Ok(shares)
}

/// So far, by name.
fn usage(plan: &Plan) -> Result<BTreeMap<String, Usage>, Gone> {
    let own = Usage::of(std::process::id())?;
    let mut all = BTreeMap::from([(OWN_NAME.to_owned(), own)]);
    for watched in &plan.watched {
        let sum = all.entry(watched.name.clone()).or_default();
        *sum = *sum + Usage::of(watched.pid)?;
    }
    Ok(all)
}

fn sleep_until(moment: Instant) {
    thread::sleep(moment.saturating_duration_since(clock::now()));
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::args::Args;
    use crate::plan::Plan;
    use crate::report::Report;
    use clap::Parser;
    use std::io::{BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::path::Path;
    use std::thread;

    /// A gateway and its upstream in one: the user of `token-N` is `user-N`, and nobody believes identity lines.
    /// Closes each connection after a hundred answers.
    fn gateway(liar: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("bound");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream, liar));
            }
        });
        address
    }

    fn serve(mut stream: TcpStream, liar: bool) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        for left in (0..100).rev() {
            let mut user = String::new();
            loop {
                let Some(line) = lines.next().transpose()? else {
                    return Ok(());
                };
                if line.is_empty() {
                    break;
                }
                if let Some(number) = line.strip_prefix("Authorization: Bearer token-") {
                    user = format!("user-{number}");
                }
                if let Some(claimed) = line.strip_prefix("X-Skygear-User-Id: ").filter(|_| liar) {
                    user = claimed.to_owned();
                }
            }
            let close = if left == 0 {
                "Connection: close\r\n"
            } else {
                ""
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{close}X-Echo-User: {user}\r\n\r\nok\n"
            );
            // In one piece, lest the second waits for the first to be acknowledged.
            stream.write_all(answer.as_bytes())?;
        }
        Ok(())
    }

    fn report(target: SocketAddr, tokens: &Path, more: &str) -> serde_json::Value {
        let line = format!(
            "sessiongate-load --target {target} --tokens {} --connections 4 --duration 0.3 --warmup 0.1 \
             --echo-header X-Echo-User {more}",
            tokens.display()
        );
        let args = Args::try_parse_from(line.split_whitespace()).expect("a sound command line");
        let outcome = run(Plan::compile(&args).expect("sound")).expect("it runs");
        let report = Report::new(&args, 0, &outcome);
        let mut json: serde_json::Value =
            serde_json::from_str(&report.to_json().expect("JSON")).expect("JSON");
        json["is_good"] = report.is_good().into();
        json["table"] = report.to_string().into();
        json
    }

    #[test]
    fn right_answers_pass_at_either_pace_and_forged_ones_that_win_do_not() {
        let dir = tempfile::tempdir().expect("scratch");
        let tokens = dir.path().join("tokens.tsv");
        let lines = (10..60).map(|number| format!("token-{number}\tuser-{number}\n"));
        std::fs::write(&tokens, lines.collect::<String>()).expect("written");
        let fractions = "--anonymous 0.1 --unknown 0.1 --forged 0.2";

        let open = format!("--rate 1000 --arrival poisson --threads 2 --zipf 1 {fractions}");
        let open = report(gateway(false), &tokens, &open);
        assert_eq!(open["is_good"], true, "{open:#}");
        let due = open["due"].as_u64().expect("a number");
        assert!((200..400).contains(&due), "300 expected: {open:#}");
        assert_eq!(open["latency_us"]["count"], due, "each is recorded");
        assert!(open["reconnects"].as_u64() > Some(0), "{open:#}");

        let closed = report(
            gateway(false),
            &tokens,
            &format!("--closed --in-turn {fractions}"),
        );
        assert_eq!(closed["is_good"], true, "{closed:#}");
        assert_eq!(closed["tokens_repeated"], true, "{closed:#}");

        let cheated = report(gateway(true), &tokens, &format!("--closed {fractions}"));
        assert_eq!(cheated["is_good"], false);
        assert_eq!(cheated["wrong"], cheated["kinds"]["forged"]["wrong"]);
        let table = cheated["table"].as_str().expect("text");
        assert!(
            table.contains("forged, token toke…: the upstream saw \"forged\""),
            "{table}"
        );
    }

    #[test]
    fn a_server_that_never_answers_leaves_requests_unanswered() {
        let silent = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let target = silent.local_addr().expect("bound");
        let dir = tempfile::tempdir().expect("scratch");
        let tokens = dir.path().join("tokens.tsv");
        std::fs::write(&tokens, "token-1\tuser-1\n").expect("written");
        let report = report(target, &tokens, "--rate 100 --patience 0.05");
        assert_eq!(report["is_good"], false);
        assert_eq!(report["requests"], 0);
        assert_eq!(report["unanswered"], report["due"]);
    }
}
