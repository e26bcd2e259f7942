//! From a document to the blueprint, one file per section, in the order of the file.

mod assertion;
mod cache;
mod client;
mod configuration;
mod endpoints;
mod identity;
mod listeners;
mod memory;
mod operations;
mod redis;
mod redis_servers;
mod redis_url;
mod require;
mod routes;
mod sessions;
mod tokens;
mod upstreams;

pub(super) use configuration::blueprint;
