//! The operators' door: health, metrics, what is in force, and the administration of sessions.

mod app;
mod body;
mod desk;
mod errand;
mod gate;
mod inquiry;
mod node;
#[cfg(test)]
mod openapi_tests;
mod page;
mod percent;
mod refusal;
mod report;
mod routes;

pub use app::AdminApp;
pub use desk::{Answer, Desk};
pub use errand::{Errand, Wish, sid, ttl, user_id};
pub use gate::Way;
pub use node::Node;
pub use refusal::Refusal;
pub(crate) use report::who_passes;
pub use routes::{ADMIN_ROUTES, Access, AdminRoute};
