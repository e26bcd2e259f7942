//! A scratch folder with a real gateway in it, real Redis where it is the subject, and both ends of the wire as bytes.

mod client;
mod cluster;
mod gateway;
mod jwt;
mod node;
mod record;
mod redis;
mod redis_line;
mod redis_proxy;
mod reply;
mod request;
mod resp;
mod sentinels;
mod sessions;
mod sibling;
mod stack;
mod upstream;
mod wait;
mod wire;

pub(crate) use client::Connection;
pub(crate) use cluster::Cluster;
pub(crate) use gateway::{Command, free_port};
pub(crate) use jwt::{Issuer, cookie_session, hs256, seconds_from_now};
pub(crate) use record::{record, sha256_hex, sid};
pub(crate) use redis::{Redis, key as session_key};
pub(crate) use redis_line::What;
pub(crate) use redis_proxy::RedisProxy;
pub(crate) use reply::Reply;
pub(crate) use request::Request;
pub(crate) use sentinels::{ASKER, PASSWORD, SENTINEL_PASSWORD, Sentinels, WATCHER};
pub(crate) use sessions::RealSession;
pub(crate) use sibling::Sibling;
pub(crate) use stack::{Stack, StackBuilder, stack};
pub(crate) use upstream::{Answer, RefusingPort, SWITCHING, Upstream};
pub(crate) use wait::{Clock, eventually};
pub(crate) use wire::{Seen, bytes};
