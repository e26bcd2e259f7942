//! Requests of our own, to servers that the configuration names: the auth service, a set of keys.

mod address_book;
#[cfg(test)]
mod address_tests;
mod authorities;
mod failure;
mod fetcher;
mod limits;
mod request;
mod response;
mod shelf;
mod target;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "rustls"))]
mod tls_tests;

pub use authorities::{Authorities, AuthoritiesError};
pub use failure::{FetchError, FetchFault};
pub use fetcher::Fetcher;
pub use limits::FetchLimits;
pub use request::FetchRequest;
pub use response::FetchResponse;
pub use target::{FetchTarget, TARGET_HELP, TargetError};
