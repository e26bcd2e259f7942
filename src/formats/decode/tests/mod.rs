//! Records of real frameworks, and records that nobody should write.

mod fixture;
mod json;
mod laravel;
mod msgpack;
mod mutations;
mod php;
mod pickle;
mod real_records;
mod spring;
