//! From a shown token to who the caller is: the cache in front of the stores.

mod asking;
mod load;
mod reported;
mod resolution;
mod resolve;
mod source;
mod subscription;
#[cfg(test)]
mod tests;
mod user_facts;
mod wanted;

pub use resolution::{Resolution, Resolved, Tier};
pub use resolve::Resolver;
pub use source::{Source, SourceMetrics};
