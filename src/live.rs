//! `Live`: a value that every request pins while it lasts, and that is replaced as a whole.

use arc_swap::ArcSwap;
use std::ops::Deref;
use std::sync::Arc;
use thread_local::ThreadLocal;

/// The current value.
///
/// Each thread has a handle of its own, whose clones count on a cache line that no other thread writes: one count for
/// all of them would be what their requests fight over.
pub struct Live<T: Send + Sync>(ArcSwap<Handles<T>>);

/// Go with the value, so that nothing but what has pinned it keeps it once it is replaced.
struct Handles<T: Send + Sync> {
    value: Arc<T>,
    of_threads: ThreadLocal<Pinned<T>>,
}

/// A value that stays as it is for whoever holds this, whatever is live meanwhile.
#[expect(
    clippy::redundant_allocation,
    reason = "the outer count is that of one thread, the inner one that of all"
)]
pub struct Pinned<T>(Arc<Arc<T>>);

impl<T: Send + Sync> Live<T> {
    /// The first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(ArcSwap::from_pointee(Handles::new(value)))
    }

    /// The value as it is now.
    #[must_use]
    pub fn pin(&self) -> Pinned<T> {
        let handles = self.0.load();
        let own = || Pinned::from(Arc::clone(&handles.value));
        handles.of_threads.get_or(own).clone()
    }

    /// From here on this one is pinned.
    pub fn replace(&self, value: T) {
        self.0.store(Arc::new(Handles::new(value)));
    }
}

impl<T: Send + Sync> Handles<T> {
    fn new(value: T) -> Self {
        Self {
            value: Arc::new(value),
            of_threads: ThreadLocal::new(),
        }
    }
}

impl<T> From<Arc<T>> for Pinned<T> {
    fn from(value: Arc<T>) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Pinned<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Pinned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Live;
    use std::sync::Arc;
    use std::thread;

    #[test]
    fn a_pinned_value_lasts_as_long_as_its_pins_and_no_longer() {
        let first = Arc::new(1);
        let live = Live::new(Arc::clone(&first));
        let pinned = live.pin();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(**live.pin(), 1));
            }
        });
        live.replace(Arc::new(2));
        assert_eq!((**pinned, **live.pin()), (1, 2));
        assert_eq!(
            Arc::strong_count(&first),
            2,
            "this test's and what is pinned"
        );
        drop(pinned);
        assert_eq!(Arc::strong_count(&first), 1);
    }
}
