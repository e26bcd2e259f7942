//! Sessions whose record is not kept by us: a signed token or cookie that carries it, or an auth service that knows it.

mod administration;
mod reader;
mod settings;
mod source;

pub use reader::SessionReader;
pub use settings::{CarriedSettings, Proof};
pub(super) use source::CarriedStore;
