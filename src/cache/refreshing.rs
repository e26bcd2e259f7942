//! `Refreshing`: the keys that are being loaded again on their own account.

use super::key::CacheKey;
use ahash::RandomState;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// No more of them than this: a source that announces faster than it answers is asked when somebody wants to know.
const MOST: usize = 512;

/// One place per key.
#[derive(Clone, Default)]
pub(super) struct Refreshing(Arc<Mutex<HashSet<CacheKey, RandomState>>>);

/// Given back on drop.
pub(super) struct Place {
    refreshing: Refreshing,
    key: CacheKey,
}

impl Refreshing {
    /// `None`: the key has one already, or there are too many.
    pub(super) fn take(&self, key: CacheKey) -> Option<Place> {
        let mut keys = self.keys();
        (keys.len() < MOST && keys.insert(key)).then(|| Place {
            refreshing: self.clone(),
            key,
        })
    }

    /// Nothing under this lock can leave it half changed, so a poisoned one is as good as any.
    fn keys(&self) -> MutexGuard<'_, HashSet<CacheKey, RandomState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.refreshing.keys().remove(&self.key);
    }
}
