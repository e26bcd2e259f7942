//! What we still know: a bounded map of loaded values, how long they are trusted, one load per key at a time, and what
//! undoes all of that when the source announces a change.

mod entry;
mod epoch;
mod flight;
mod generations;
mod key;
mod lookup;
mod memory;
mod moment;
mod policy;
mod question;
mod refreshing;
mod session_cache;
mod stats;
mod table;
#[cfg(test)]
mod tests;
mod ties;
mod victim;

pub use epoch::Epoch;
pub use key::CacheKey;
pub use lookup::{Ending, Forgotten, Loaded, Lookup, Remembered};
pub use policy::{CachePolicy, LoadLimits};
pub use session_cache::SessionCache;
pub use stats::{CacheStats, SegmentStats};
pub use ties::{Backing, Tie};
