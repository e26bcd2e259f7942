//! `Node`: what the admin listener reports on.

use crate::clock::Now;
use crate::config::Loaded;
use crate::observe::{Metrics, ServerState};
use crate::runtime::Live;
use std::sync::Arc;

/// The running process, as seen by its operators.
pub struct Node {
    /// The current runtime.
    pub live: Arc<Live>,
    /// Every metric.
    pub metrics: Arc<Metrics>,
    /// Starting, serving or draining.
    pub state: Arc<ServerState>,
    /// When the process began.
    pub started: Now,
    /// The configuration it began with.
    pub loaded: Loaded,
}
