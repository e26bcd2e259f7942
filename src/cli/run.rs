//! `run`: load, install logging, serve.

use super::failure::Failure;
use crate::config::{self, ProcessEnvironment};
use crate::observe::logging;
use crate::server;
use std::path::Path;
use tracing::warn;

/// Serves until a signal ends it.
pub(super) fn run(config: &Path) -> Result<(), Failure> {
    let loaded = config::load(config, &ProcessEnvironment)?;
    logging::install(loaded.blueprint.log);
    for warning in &loaded.warnings {
        warn!(path = %warning.path, line = warning.line, help = warning.help, "{}", warning.message);
    }
    server::serve(loaded).map_err(Failure::from_error)
}
