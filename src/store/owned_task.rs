//! `OwnedTask`: a task that ends with its owner.

use tokio::task::AbortHandle;

/// Ends the task when dropped.
pub(super) struct OwnedTask(AbortHandle);

impl OwnedTask {
    /// Begins it in the current tokio runtime.
    pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task).abort_handle())
    }
}

impl Drop for OwnedTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
