//! The command line.

mod admin_client;
mod administer;
mod args;
mod check;
mod config_file;
mod demo;
mod detect;
mod detect_args;
mod echo;
mod entry;
mod explain;
mod failure;
mod output;
mod run;
mod session_args;
mod session_text;
mod status;

pub use entry::main;
