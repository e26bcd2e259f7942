//! Handles: from what a client shows to the id under which its framework keeps the session (research/features.md F.2,
//! steps 2 to 4).

mod authenticate;
mod decode;
mod itsdangerous;
mod laravel;
mod laravel_cipher;
mod lower_hex;
mod open;
mod signed_value;
mod store_id;
mod take;
mod token_hash;

pub use authenticate::Authenticate;
pub use decode::Decode;
pub use itsdangerous::{ItsDangerous, KeyDerivation};
pub use laravel::Laravel;
pub use laravel_cipher::{LaravelCipher, LaravelKeyError};
pub use open::Handle;
pub use take::{Take, Transform};
pub use token_hash::matches_token_hash;

#[cfg(test)]
mod tests;
