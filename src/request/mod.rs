//! A request as decisions see it: borrowed, and in one canonical form.

mod authorization;
mod client;
mod host;
mod hygiene;
mod malformed;
mod path;
mod view;

pub use authorization::{bearer_credentials, is_token_byte};
pub use client::client_address;
pub use host::{Host, canonical_host};
pub use hygiene::{
    ALLOWED_METHODS, Head, HeadLimits, MAX_DECIDING_HEADER_BYTES, MAX_TARGET_BYTES, inspect,
    is_known_method,
};
pub use malformed::Malformed;
pub use path::canonical_path;
pub use view::RequestView;
