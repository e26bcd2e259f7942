//! `http:` an auth service that is asked who a credential belongs to (seed 000).

mod answer;
mod answer_map;
mod auth_service;
mod freshness;
mod header_record;
mod presented;
mod presets;
mod settings;
mod statuses;
#[cfg(test)]
mod tests;

pub use answer_map::{AnswerMap, AnswerPlace, Unsaid};
pub(super) use auth_service::AuthService;
pub use presets::Preset;
pub use settings::{AskMethod, CacheControl, HttpSettings};
pub use statuses::{Meaning, StatusError, Statuses};
