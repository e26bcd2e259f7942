//! Sessions in Redis: one server, the master that sentinels name, or a cluster. One RESP3 connection for each server that
//! holds keys, which repairs itself.

mod administration;
#[cfg(test)]
mod administration_tests;
mod announcer;
mod backoff;
mod canary;
mod cluster;
mod command;
mod dialer;
mod doubts;
#[cfg(test)]
mod fallback_tests;
mod fault;
#[cfg(test)]
mod feed_tests;
mod keeper;
mod ledger;
mod link;
#[cfg(test)]
mod log_tests;
mod messages;
mod onlooker;
mod pushes;
mod reply;
mod scribe;
mod search;
mod sentinel;
#[cfg(test)]
mod sentinel_tests;
mod servers;
mod sessions;
mod state;
mod target;
#[cfg(test)]
mod test_log;
#[cfg(test)]
mod test_server;
#[cfg(test)]
pub(super) mod test_sink;
#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "rustls"))]
mod tls_tests;
mod tracked_keys;
mod tracking;
mod user_index;
mod vigil;
mod watcher;
mod witness;

pub use onlooker::{Glimpse, Onlooker, Page, Sight};
pub use sessions::RedisStore;
pub(super) use watcher::Watcher;
