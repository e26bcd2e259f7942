//! What the file says and where it says it: a tree of located values, untyped.

mod document;
mod interpolate;
mod secrecy;
mod syntax;
mod tree;

pub(super) use document::Document;
pub(super) use secrecy::Secrecy;
pub(super) use tree::{Entry, Node, Yaml, shown_key};
