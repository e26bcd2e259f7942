//! What sessions a Redis holds, told by looking at some of them: for `sessiongate detect`. Reads only, within bounds.

mod candidate;
mod carried;
mod detection;
mod follow;
mod framework;
mod groups;
mod head;
mod proposal;
mod reading;
mod report;
mod shown;
mod survey;
mod table;
mod user_path;

pub use detection::{Question, ShownCredential, detect};
pub use report::Report;
pub use survey::{Bounds, Looked};
