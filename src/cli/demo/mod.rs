//! `demo`: the real gateway with seeded sessions and the echo upstream, and lines to try it with.

mod guide;
mod key;
mod scratch;
mod stage;

pub(super) use stage::run;
