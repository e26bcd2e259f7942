//! What happens to a request: Pingora's phases, the decision they carry out, and the answers of our own.

mod access_log;
mod admit;
mod body_token;
mod consider;
mod context;
mod decision;
mod failure;
mod gateway;
mod incoming;
mod linger;
mod own_answer;
mod reception;
mod reply;
mod target;
mod upstream_head;

pub use access_log::{AccessLogger, Finished};
pub use admit::admit;
pub use consider::consider;
pub use context::{Attempt, Context};
pub use decision::{Decision, Denial, Standing};
pub use gateway::{Gateway, MAX_ATTEMPTS};
pub use incoming::Incoming;
pub use target::Target;
pub use upstream_head::prepare;
