//! sessiongate: a session and identity gateway on Pingora.
//!
//! The modules below stand in the order in which a request walks through them, then the house around it. Each
//! imports only what stands on a lower floor; `tests/it/floors.rs` proves it.
//!
//! | floor | modules |
//! |---|---|
//! | 14 | `cli` |
//! | 13 | `server` |
//! | 12 | `admin` |
//! | 11 | `explain` |
//! | 10 | `proxy` |
//! | 9 | `runtime`, `config` |
//! | 8 | `blueprint` |
//! | 7 | `route`, `resolver` |
//! | 6 | `policy` |
//! | 5 | `identity` |
//! | 4 | `headers` |
//! | 3 | `store`, `cache` |
//! | 2 | `token` |
//! | 1 | `request`, `upstream`, `listen`, `observe` |
//! | 0 | `secret`, `clock`, `timestamp` |

pub mod proxy;

pub mod request;

pub mod route;

pub mod token;

pub mod resolver;

pub mod cache;

pub mod store;

pub mod identity;

pub mod policy;

pub mod headers;

pub mod upstream;

pub mod admin;
pub mod blueprint;
pub mod cli;
pub mod clock;
pub mod config;
pub mod explain;
pub mod listen;
pub mod observe;
pub mod runtime;
pub mod secret;
pub mod server;
pub mod timestamp;
