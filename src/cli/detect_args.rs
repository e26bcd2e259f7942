//! `sessiongate detect`, as types.

use crate::secret::Secret;
use clap::Args;
use std::convert::Infallible;

/// `sessiongate detect`.
#[derive(Args, Debug)]
#[command(
    after_help = "Looks at 20,000 keys and 64 KiB of a record at most, for 10 seconds at most, and writes nothing. Exit codes: 0 found, 1 nothing fits, 2 usage."
)]
pub(super) struct DetectArgs {
    /// The Redis that holds the sessions: `redis://host:6379/0`, `rediss://…`, `unix:///path`.
    #[arg(long, value_name = "URL", value_parser = secret, required_unless_present_any = ["cookie", "bearer"])]
    pub(super) redis: Option<Secret<String>>,
    /// The variable that holds the password of Redis; in the URL others would see it.
    #[arg(long, value_name = "NAME")]
    pub(super) password_env: Option<String>,
    /// A cookie of a real session, `name=value` as the browser sends it.
    #[arg(long, value_name = "NAME=VALUE", value_parser = secret, conflicts_with = "bearer")]
    pub(super) cookie: Option<Secret<String>>,
    /// A bearer token of a real session.
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    pub(super) bearer: Option<Secret<String>>,
    /// A variable that holds a secret with which the application signs; may be repeated.
    #[arg(long = "secret-env", value_name = "NAME")]
    pub(super) secrets: Vec<String>,
    /// How many records are read at most.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(super) sample: u16,
    /// Print users and claims; without it no value is printed.
    #[arg(long)]
    pub(super) show_values: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// It prints nothing of itself.
fn secret(text: &str) -> Result<Secret<String>, Infallible> {
    Ok(Secret::new(text.to_owned()))
}
