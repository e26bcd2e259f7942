//! Records that other frameworks write: which part of them says what of a session.

mod ends;
mod field_map;
mod format;
mod path;
mod value;

pub use ends::{IdleSpan, Idleness};
pub use field_map::{Field, FieldMap};
pub use format::{ForeignFormat, RawRecord, RecordFormat, Shape};
pub use path::FieldPath;
