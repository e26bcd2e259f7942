//! `echo`: a small HTTP/1.1 upstream that shows what reached it. Used by `sessiongate echo` and by `demo`.
//!
//! It parses by itself because an HTTP library would hide what it is there to show: spelling and order of the headers.

mod answer;
mod request;
mod server;
mod websocket;
mod wishes;

pub(super) use server::{run, serve};
