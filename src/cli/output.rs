//! Data on standard output. A reader that has had enough (`| head`) is no failure of ours.

use super::failure::Failure;
use serde_json::Value;
use std::io::{self, Write};

/// Writes the text as it is.
///
/// # Errors
/// When it cannot be written; a closed pipe is not an error.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Writes text that another library made.
///
/// # Errors
/// As [`print`].
pub(super) fn print_bytes(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failure::from_error),
    }
}

/// Writes the value on several lines, indented.
///
/// # Errors
/// As [`print`].
pub(super) fn print_json(value: &Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}
