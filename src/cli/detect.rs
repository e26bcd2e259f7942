//! `detect`: which sessions a Redis holds, and the configuration that reads them.

use super::detect_args::DetectArgs;
use super::failure::Failure;
use super::output::{print, print_json};
use crate::config::{Environment, ProcessEnvironment, redis_at};
use crate::detect::{Bounds, Question, ShownCredential, detect};
use crate::secret::Secret;
use crate::store::RedisSettings;
use crate::token::CookieName;
use clap::error::ErrorKind;
use clap::{Command, Error};
use std::time::Duration;
use tokio::time::Instant;

/// Prints what was found; exit code 1 when nothing fits.
pub(super) fn run(args: &DetectArgs) -> Result<(), Failure> {
    let workers = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from_error)?;
    let question = Question {
        redis: redis(args)?,
        password_variable: args.password_env.clone(),
        shown: shown(args)?,
        secrets: secrets(args)?,
        bounds: Bounds {
            keys: KEYS,
            records: usize::from(args.sample),
        },
        deadline: Instant::now() + PATIENCE,
    };
    let report = workers
        .block_on(detect(&question, &ProcessEnvironment))
        .map_err(Failure::from_error)?;
    if args.json {
        print_json(&report.to_json(args.show_values))?;
    } else {
        print(&report.in_words(args.show_values))?;
    }
    if report.fits() {
        Ok(())
    } else {
        Err(Failure::Said(1))
    }
}

fn redis(args: &DetectArgs) -> Result<Option<RedisSettings>, Failure> {
    let Some(url) = &args.redis else {
        return Ok(None);
    };
    let mut settings =
        redis_at(url.expose()).map_err(|fault| usage(format!("--redis: {fault}")))?;
    if let Some(name) = &args.password_env {
        settings.password = Some(Secret::new(variable("--password-env", name)?));
    }
    // A command may wait longer than a request.
    settings.connect_timeout = REPLY;
    settings.reply_timeout = REPLY;
    Ok(Some(settings))
}

fn shown(args: &DetectArgs) -> Result<Option<ShownCredential>, Failure> {
    let Some(cookie) = &args.cookie else {
        return Ok(args.bearer.as_ref().map(|token| ShownCredential {
            cookie: None,
            value: token.clone(),
        }));
    };
    let (name, value) = cookie
        .expose()
        .split_once('=')
        .filter(|(name, _)| CookieName::new(name).is_some())
        .ok_or_else(|| usage("--cookie: write `name=value`".to_owned()))?;
    Ok(Some(ShownCredential {
        cookie: Some(name.to_owned()),
        value: Secret::new(value.to_owned()),
    }))
}

fn secrets(args: &DetectArgs) -> Result<Vec<String>, Failure> {
    for name in &args.secrets {
        variable("--secret-env", name)?;
    }
    Ok(args.secrets.clone())
}

fn variable(option: &str, name: &str) -> Result<String, Failure> {
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let value = ProcessEnvironment.variable(name).filter(|_| is_name);
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| usage(format!("{option}: there is no variable of this name")))
}

/// Exit code 2, as clap's own.
fn usage(message: String) -> Failure {
    let error = Error::raw(ErrorKind::InvalidValue, message + "\n");
    let _ = error.with_cmd(&Command::new("sessiongate")).print();
    Failure::Said(2)
}

const KEYS: usize = 20_000;
const PATIENCE: Duration = Duration::from_secs(10);
const REPLY: Duration = Duration::from_secs(3);
