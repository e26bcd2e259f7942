//! Sessions in a standalone Redis, over one RESP3 connection that repairs itself.

mod administration;
#[cfg(test)]
mod administration_tests;
mod announcer;
mod backoff;
mod canary;
mod dialer;
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
mod pushes;
mod reply;
mod scribe;
mod search;
mod sessions;
mod state;
#[cfg(test)]
mod test_log;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod test_sink;
#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "rustls"))]
mod tls_tests;
mod tracking;
mod user_index;
mod vigil;

pub use sessions::RedisStore;
