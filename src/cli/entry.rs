//! `main`: parse, dispatch, print a failure once, pick the exit code.
#![expect(clippy::print_stderr, reason = "data goes to stdout, talk to stderr")]

use super::args::{Cli, Command};
use super::failure::Failure;
use super::{administer, check, demo, detect, echo, explain, output, run, status};
use crate::config;
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    install_crypto();
    let failure = match dispatch(Cli::parse()) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    match failure {
        Failure::Config(issues) => {
            eprintln!("{issues}");
            ExitCode::from(3)
        }
        Failure::Said(code) => ExitCode::from(code),
        Failure::Failed(error) => {
            eprintln!("sessiongate: {error}");
            ExitCode::from(1)
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Run(cli.config)) {
        Command::Run(file) => run::run(&file.config),
        Command::Check(args) => check::check(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Detect(args) => detect::run(&args),
        Command::Session(command) => administer::administer(command.into_errand()),
        Command::User(command) => administer::administer(command.into_errand()),
        Command::Status(args) => status::status(&args),
        Command::Top(config) => status::top(&config),
        Command::Demo(args) => demo::run(&args.listen, &args.admin).map_err(Failure::from_error),
        Command::Echo(args) => echo::run(&args.listen).map_err(Failure::from_error),
        Command::Schema => output::print_json(&config::schema()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sessiongate", &mut script);
            output::print_bytes(&script)
        }
        Command::Man { command } => output::print_bytes(&manual(&command)?),
        Command::Version => {
            let line = concat!("sessiongate ", env!("CARGO_PKG_VERSION"), "\n");
            output::print(line)
        }
    }
}

/// The page of a command, under the name by which the page above it refers to it: `sessiongate-session-create`.
fn manual(command: &[String]) -> Result<Vec<u8>, Failure> {
    let mut whole = Cli::command().disable_help_subcommand(true);
    whole.build();
    let mut subject = &whole;
    for word in command {
        subject = subject.find_subcommand(word).ok_or_else(|| {
            let words = command.join(" ");
            Failure::from_error(format!("there is no command `{words}`"))
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(subject.clone())
        .render(&mut page)
        .map_err(Failure::from_error)?;
    Ok(page)
}

/// One crypto stack, chosen before anybody makes a TLS object.
fn install_crypto() {
    #[cfg(feature = "rustls")]
    // Fails only when one is installed already, and this is the first thing that runs.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
