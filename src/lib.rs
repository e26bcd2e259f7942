//! sessiongate: a session and identity gateway on Pingora.
//!
//! The modules below stand in the order in which a request walks through them, then the house around it. Each
//! imports only what stands on a lower floor; `tests/it/floors.rs` proves it.
//!
//! | floor | modules |
//! |---|---|
//! | 15 | `cli` |
//! | 14 | `server` |
//! | 13 | `admin` |
//! | 12 | `explain`, `detect` |
//! | 11 | `proxy` |
//! | 10 | `runtime`, `config` |
//! | 9 | `blueprint` |
//! | 8 | `route`, `resolver` |
//! | 7 | `policy` |
//! | 6 | `identity` |
//! | 5 | `headers` |
//! | 4 | `store`, `cache` |
//! | 3 | `jwt`, `formats` |
//! | 2 | `token` |
//! | 1 | `request`, `upstream`, `listen`, `observe`, `fetch` |
//! | 0 | `secret`, `clock`, `live`, `timestamp`, `strict_json` |

pub mod proxy;

pub mod request;

pub mod route;

pub mod token;

pub mod resolver;

pub mod cache;

pub mod store;

pub mod jwt;

pub mod formats;

pub mod identity;

pub mod policy;

pub mod headers;

pub mod upstream;

pub mod admin;
pub mod blueprint;
pub mod cli;
pub mod clock;
pub mod config;
pub mod detect;
pub mod explain;
pub mod fetch;
pub mod listen;
pub mod live;
pub mod observe;
pub mod runtime;
pub mod secret;
pub mod server;
pub mod strict_json;
pub mod timestamp;
