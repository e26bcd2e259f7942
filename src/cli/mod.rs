//! The command line.

mod args;
mod check;
mod demo;
mod echo;
mod entry;
mod explain;
mod failure;
mod output;
mod run;
mod status;

pub use entry::main;
