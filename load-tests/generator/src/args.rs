//! `Args`: the command line, as it was typed.

use crate::process::Watched;
use crate::request::Place;
use crate::schedule::Arrival;
use clap::{ArgGroup, Parser};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Load generator for the gateway: HTTP/1.1 with keep-alive, open loop or flat out, and every answer checked.
#[derive(Debug, Parser, Serialize)]
#[command(name = "sessiongate-load", version, max_term_width = 100)]
#[command(group(ArgGroup::new("pace").required(true).args(["rate", "closed"])))]
#[command(
    after_help = "Exit codes: 0 all answers were right, 1 some were wrong or missing, 2 the run could not be made."
)]
pub(crate) struct Args {
    /// Where to connect, such as 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) target: SocketAddr,
    /// The Host line.
    #[arg(long, default_value = "app.test")]
    pub(crate) host: String,
    /// The path, with its query.
    #[arg(long, default_value = "/bench")]
    pub(crate) path: String,
    /// Another header line in each request, such as "Accept: */*". Repeatable.
    #[arg(long, value_name = "LINE")]
    pub(crate) header: Vec<String>,
    /// Where the token goes: bearer, or cookie:NAME.
    #[arg(long, default_value = "bearer")]
    pub(crate) place: Place,

    /// Open loop: so many requests per second over all connections.
    #[arg(long, value_name = "PER_SECOND")]
    pub(crate) rate: Option<f64>,
    /// Open loop: how the intended starts are spaced.
    #[arg(long, value_enum, default_value = "constant")]
    pub(crate) arrival: Arrival,
    /// Closed loop: each connection asks again as soon as it has its answer.
    #[arg(long)]
    pub(crate) closed: bool,
    /// Open connections; each has one request in flight at most.
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub(crate) connections: usize,
    /// Threads of the generator; the connections are dealt out to them.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) threads: usize,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    pub(crate) duration: f64,
    /// Seconds before that, checked but not measured.
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    pub(crate) warmup: f64,
    /// Seconds to wait, after the end, for answers that are still due.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    pub(crate) patience: f64,

    /// Known sessions, one a line: token, tab, user id. The first are asked for most (--zipf).
    #[arg(long, value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
    /// How uneven: token number k is chosen in proportion to 1 / k^S; 0 is uniform.
    #[arg(long, default_value_t = 0.0, value_name = "S")]
    pub(crate) zipf: f64,
    /// Each known token once, one after another: every request another one, until the file is through.
    #[arg(long, conflicts_with = "zipf")]
    pub(crate) in_turn: bool,
    /// With --in-turn: begin after so many tokens; the report says how many a run took.
    #[arg(long, default_value_t = 0, value_name = "N", requires = "in_turn")]
    pub(crate) skip: usize,
    /// Expired sessions, one token a line; what follows a tab is ignored.
    #[arg(long, value_name = "FILE")]
    pub(crate) expired_tokens: Option<PathBuf>,

    /// Fraction of requests without a token.
    #[arg(long, default_value_t = 0.0, value_name = "FRACTION")]
    pub(crate) anonymous: f64,
    /// Fraction with a token that was never seen before, in this run or another.
    #[arg(long, default_value_t = 0.0, value_name = "FRACTION")]
    pub(crate) unknown: f64,
    /// Fraction with a token of --expired-tokens.
    #[arg(long, default_value_t = 0.0, value_name = "FRACTION")]
    pub(crate) expired: f64,
    /// Fraction with a known token and identity lines that claim to be somebody else.
    #[arg(long, default_value_t = 0.0, value_name = "FRACTION")]
    pub(crate) forged: f64,

    /// Status expected with a known token, forged lines or not.
    #[arg(long, default_value_t = 200, value_name = "STATUS")]
    pub(crate) known_status: u16,
    /// Status expected without a token.
    #[arg(long, default_value_t = 200, value_name = "STATUS")]
    pub(crate) anonymous_status: u16,
    /// Status expected with an unknown or expired token; 401 where the route asks for a session.
    #[arg(long, default_value_t = 200, value_name = "STATUS")]
    pub(crate) invalid_status: u16,
    /// Header of the answer in which the upstream echoes the user id it received: that of the token, or none.
    /// Left out: identities are not checked.
    #[arg(long, value_name = "NAME")]
    pub(crate) echo_header: Option<String>,

    /// A process whose CPU time per request and memory are reported. Repeatable; those of one name are added up.
    #[arg(long, value_name = "NAME=PID")]
    pub(crate) pid: Vec<Watched>,
    /// Same seed, same sequence of requests, but for the unknown tokens.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A name for this run, kept in the JSON.
    #[arg(long, default_value = "")]
    pub(crate) label: String,
    /// Write settings and figures there, as one JSON object.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) json: Option<PathBuf>,
}
