//! The configuration in force, as JSON in the shape of the file.

mod carried;
mod configuration;
mod formats;
mod redis;
mod sections;

pub(super) use configuration::configuration;
