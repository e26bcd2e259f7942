//! `ConfigFile`: which file to read.

use clap::Args;
use std::path::PathBuf;

/// Which file to read.
#[derive(Args, Clone, Debug)]
pub(super) struct ConfigFile {
    /// The configuration file; `-` reads standard input.
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub(super) config: PathBuf,
}

/// Where the unit file and the package put the configuration.
pub(super) const DEFAULT_CONFIG: &str = "/etc/sessiongate/sessiongate.yaml";
