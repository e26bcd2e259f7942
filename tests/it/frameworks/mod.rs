//! Real applications of the common frameworks behind the gateway: the files and packages of `tests/frameworks`.
//! `make test-frameworks` installs those and runs these cases, which `cargo test` alone passes over.

mod app;
mod assertion;
mod browser;
mod framework;
mod in_front;
mod page;
mod site;
mod transcripts;
mod untouched;
mod variants;
