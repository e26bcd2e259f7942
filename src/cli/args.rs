//! The command line, as types.

use super::config_file::ConfigFile;
use super::detect_args::DetectArgs;
use super::session_args::{SessionCommand, UserCommand};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// A session and identity gateway: sessions in, trusted identity headers out.
#[derive(Debug, Parser)]
#[command(name = "sessiongate", version, about, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Exit codes: 0 ok, 1 failed, 2 usage, 3 invalid configuration.")]
pub(super) struct Cli {
    /// What to do; `run` when left out.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Options of `run`, when it is left out.
    #[command(flatten)]
    pub(super) config: ConfigFile,
}

/// One subcommand each.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve (the default).
    Run(ConfigFile),
    /// Check a configuration and say who may pass where.
    Check(CheckArgs),
    /// Show how a request would be decided, step by step, and what the upstream would see.
    Explain(ExplainArgs),
    /// Say which sessions a Redis holds, and how to read them.
    Detect(DetectArgs),
    /// Make, show, list and revoke sessions.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Log a user out everywhere, disable, enable, show.
    #[command(subcommand)]
    User(UserCommand),
    /// Ask a running node how it is.
    Status(StatusArgs),
    /// Watch a running node on one screen, refreshed every second.
    Top(ConfigFile),
    /// Run the gateway with seeded sessions and a built-in upstream, to try it.
    Demo(DemoArgs),
    /// An upstream that answers with the request it received.
    Echo(EchoArgs),
    /// Print the JSON schema of the configuration file.
    Schema,
    /// Print a completion script.
    Completions {
        /// For this shell.
        shell: Shell,
    },
    /// Print a manual page (troff).
    Man {
        /// Of this command, such as `run` or `session create`; left out: of sessiongate itself.
        command: Vec<String>,
    },
    /// Print the version.
    Version,
}

/// `sessiongate check`.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The configuration file; `-` reads standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// The same, as an option.
    #[arg(short, long, value_name = "FILE", conflicts_with = "file")]
    pub(super) config: Option<PathBuf>,
    /// Also connect to the stores and upstreams.
    #[arg(long)]
    pub(super) live: bool,
    /// Exit with 3 on warnings too.
    #[arg(long)]
    pub(super) deny_warnings: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// `sessiongate explain`.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// Which file.
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// Host of the request.
    #[arg(long, default_value = "localhost")]
    pub(super) host: String,
    /// Path and query of the request.
    #[arg(long, default_value = "/")]
    pub(super) path: String,
    /// Method of the request; left out: GET, or POST with a body.
    #[arg(long)]
    pub(super) method: Option<String>,
    /// A header line of the request, `Name: value`; may be repeated.
    #[arg(short = 'H', long = "header", value_name = "LINE")]
    pub(super) headers: Vec<String>,
    /// Short for an `Authorization: Bearer` header with this token.
    #[arg(long)]
    pub(super) token: Option<String>,
    /// Body of the request; `-H` gives its Content-Type.
    #[arg(short = 'd', long, value_name = "TEXT")]
    pub(super) data: Option<String>,
    /// A file that holds the body; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub(super) data_file: Option<PathBuf>,
    /// Ask the running node, over its admin listener, instead of deciding offline.
    #[arg(long)]
    pub(super) live: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// `sessiongate status`.
#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    /// The node's configuration; its `admin:` is asked.
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// Print the answer as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// `sessiongate demo`.
#[derive(Args, Clone, Debug)]
pub(super) struct DemoArgs {
    /// Where the gateway listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(super) listen: String,
    /// Where its admin pages are.
    #[arg(long, default_value = "127.0.0.1:9901")]
    pub(super) admin: String,
}

/// `sessiongate echo`.
#[derive(Args, Clone, Debug)]
pub(super) struct EchoArgs {
    /// Where the upstream listens.
    #[arg(long, default_value = "127.0.0.1:9000")]
    pub(super) listen: String,
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::Parser;

    #[test]
    fn an_option_that_a_subcommand_would_ignore_is_refused() {
        let cases: [(&[&str], bool); 4] = [
            (&["sessiongate", "-c", "a.yaml"], true),
            (&["sessiongate", "run", "-c", "a.yaml"], true),
            (&["sessiongate", "-c", "a.yaml", "check"], false),
            (&["sessiongate", "check", "a.yaml", "-c", "b.yaml"], false),
        ];
        for (line, accepted) in cases {
            assert_eq!(Cli::try_parse_from(line).is_ok(), accepted, "{line:?}");
        }
    }
}
