//! Sessions whose record is not kept by us: a signed token or cookie that carries it, or an auth service that knows it.

mod administration;
mod cookie_reader;
mod envelope;
mod following;
mod jwt_reader;
mod jwt_settings;
mod key_service;
mod reader;
mod settings;
mod source;

pub(super) use cookie_reader::CookieReader;
pub use envelope::{Content, Envelope};
pub(super) use following::Following;
pub(super) use jwt_reader::JwtReader;
pub use jwt_settings::{JwtSettings, KeySource};
pub use reader::SessionReader;
pub use settings::{CarriedSettings, Proof};
pub(super) use source::CarriedStore;
