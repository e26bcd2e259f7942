//! From a document to the blueprint, one file per section, in the order of the file.

mod cache;
mod client;
mod configuration;
mod endpoints;
mod field_map;
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
