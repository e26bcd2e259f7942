//! Builds the log subscriber: text for people, JSON for machines, both on standard output.

use super::settings::{LogFormat, LogLevel, LogSettings};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Installs the process-wide subscriber. A second call changes nothing.
///
/// Pingora logs request heads at debug and below (0.9.1), so its targets stay at `error` whatever
/// the level says (design rule R13); what its proxy has to say about a request, the gateway says itself.
pub fn install(settings: LogSettings) {
    let level = match settings.level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    };
    // The connectors' only error line is about a pooled connection that its server has closed: nothing went wrong.
    let quiet = "pingora_proxy=off,pingora_core::connectors=off";
    let filter = EnvFilter::new(format!("error,{quiet},sessiongate={level}"));
    let line = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stdout);
    // Fails only when a subscriber is there already, and then that one stays.
    let _ = if is_json(settings.format) {
        line.json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init()
    } else {
        line.with_ansi(std::io::stdout().is_terminal()).try_init()
    };
}

/// Whether lines are JSON: always, never, or unless standard output is a terminal.
#[must_use]
pub fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stdout().is_terminal(),
    }
}
