//! `Tally`: a few numbers that each thread keeps for itself.
//!
//! A counter that all threads add to is a cache line that they take from each other at every request. Here a thread adds
//! to cells of its own: a load and a store, whatever the others do. Reading costs a look at every thread's cells, and only
//! scrapes read.

use std::array;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thread_local::ThreadLocal;

/// Hands out cells. Those taken one after the other lie side by side, so that what a request counts stands on few lines.
/// A clone hands out from the same page.
#[derive(Clone, Default)]
pub struct Tallies(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    page: Arc<Page>,
    taken: usize,
}

/// Cells of every thread that has added to one of them. A thread that ends leaves its own to the next one that begins:
/// no count is lost, and at any time each belongs to one thread.
#[derive(Default)]
struct Page(ThreadLocal<Box<Cells>>);

/// Aligned as processors fetch memory: two lines at once.
#[repr(align(128))]
struct Cells([AtomicU64; CELLS]);

/// Some cells of a page. A clone counts in the same ones.
#[derive(Clone)]
pub struct Tally {
    page: Arc<Page>,
    first: usize,
    length: usize,
}

/// The cells of the thread that asked for them. It does not leave that thread, in no future either.
pub(super) struct Own<'a> {
    cells: &'a Cells,
    first: usize,
    stays: PhantomData<*const ()>,
}

impl Tallies {
    /// So many cells that nobody else has, all zero; no more than [`CELLS`].
    pub(super) fn take(&self, length: usize) -> Tally {
        // Nothing under this lock can leave it half changed.
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.taken + length > CELLS {
            *open = Open::default();
        }
        let first = open.taken;
        open.taken += length;
        Tally {
            page: Arc::clone(&open.page),
            first,
            length,
        }
    }
}

impl Tally {
    /// This thread's cells.
    pub(super) fn own(&self) -> Own<'_> {
        Own {
            cells: self
                .page
                .0
                .get()
                .map_or_else(|| self.page.begin(), Box::as_ref),
            first: self.first,
            stays: PhantomData,
        }
    }

    /// All threads' cells of that position, added up one after the other.
    pub(super) fn sum(&self, at: usize) -> u64 {
        let cells = self.of_threads().filter_map(|cells| cells.get(at));
        cells.map(read).fold(0, u64::wrapping_add)
    }

    /// The cells of each thread.
    pub(super) fn of_threads(&self) -> impl Iterator<Item = &[AtomicU64]> {
        let own = self.first..self.first + self.length;
        let pages = self.page.0.iter();
        pages.filter_map(move |cells| cells.0.get(own.clone()))
    }
}

impl Page {
    /// Out of the way of all the other times.
    #[cold]
    #[inline(never)]
    fn begin(&self) -> &Cells {
        self.0.get_or(Box::default)
    }
}

impl Own<'_> {
    /// Adds to the cell of that position.
    pub(super) fn add(&self, at: usize, more: u64) {
        self.change(at, |count| count.wrapping_add(more));
    }

    /// Changes what stands in the cell of that position.
    ///
    /// No other thread writes it, so that nothing is lost between the load and the store. Whoever sees the new value sees
    /// what this thread did before.
    pub(super) fn change(&self, at: usize, change: impl FnOnce(u64) -> u64) {
        if let Some(cell) = self.cells.0.get(self.first + at) {
            cell.store(change(cell.load(Ordering::Relaxed)), Ordering::Release);
        }
    }
}

pub(super) fn read(cell: &AtomicU64) -> u64 {
    cell.load(Ordering::Acquire)
}

impl Default for Cells {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}

/// What a route counts fits into a page: half a kilobyte for each thread that serves it.
const CELLS: usize = 64;

#[cfg(test)]
mod tests {
    use super::{CELLS, Tallies};
    use std::thread;

    #[test]
    fn what_many_threads_add_is_all_there_also_of_those_that_have_ended() {
        let tallies = Tallies::default();
        let (one, other) = (tallies.take(2), tallies.take(1));
        for _ in 0..3 {
            thread::scope(|scope| {
                for _ in 0..16 {
                    scope.spawn(|| {
                        for _ in 0..1000 {
                            one.own().add(1, 2);
                            other.own().add(0, 1);
                        }
                    });
                }
            });
        }
        assert_eq!((one.sum(0), one.sum(1), other.sum(0)), (0, 96_000, 48_000));
    }

    #[test]
    fn cells_are_handed_out_once() {
        let tallies = Tallies::default();
        let taken: Vec<_> = (0..2 * CELLS).map(|_| tallies.take(3)).collect();
        for (number, tally) in taken.iter().enumerate() {
            (0..3).for_each(|at| tally.own().add(at, number as u64));
        }
        for (number, tally) in taken.iter().enumerate() {
            assert_eq!([0, 1, 2].map(|at| tally.sum(at)), [number as u64; 3]);
        }
    }
}
