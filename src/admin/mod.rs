//! The operators' door: health, metrics, and what is in force.

mod app;
mod node;
mod report;

pub use app::AdminApp;
pub use node::Node;
pub(crate) use report::who_passes;
