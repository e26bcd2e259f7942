//! From a document to the blueprint, one file per section, in the order of the file.

mod assertion;
mod body_token;
mod cache;
mod carried;
mod client;
mod configuration;
mod cookie_session;
mod cookies;
mod endpoints;
mod field_map;
mod format;
mod http;
mod identity;
mod invalidated_by;
mod jwt;
mod jwt_keys;
mod listeners;
mod memory;
mod operations;
mod outgoing;
mod place;
mod presets;
mod redis;
mod redis_servers;
mod redis_url;
mod require;
mod routes;
mod sessions;
mod tokens;
mod upstreams;

pub(super) use configuration::blueprint;
pub use presets::{Idle, PRESETS, Preset};
pub use redis::redis_at;
pub use redis_url::UrlError;
